#include "sync/git_failure.h"

#include "oci/base/err.h"
#include "sync/remote.h"
#include "tests/tap.h"

#define WEB "https://ann:pa55@git.corp:8443/x.git"
#define SSH "git@git.corp:x.git"
#define END                                                                                        \
	"fatal: Could not read from remote repository.\n\n"                                        \
	"Please make sure you have the correct access rights\nand the repository exists.\n"

static const struct {
	const char *name, *from, *said;
	enum err_kind kind;
	const char *msg;
} rows[] = {
	{ "unknown host", WEB,
	  "fatal: unable to access 'https://git.corp/x/': Could not resolve host: git.corp\n",
	  ERR_NET, "Could not resolve host: git.corp" },
	{ "404", WEB, "remote: Not found\nfatal: repository 'https://git.corp/x/' not found\n",
	  ERR_NET,
	  "git.corp has no such repository (404), or hides it from those who may not read it" },
	{ "403", WEB,
	  "fatal: unable to access 'https://git.corp/x/': The requested URL returned error: 403\n",
	  ERR_AUTH, "git.corp does not let us read it (403)" },
	{ "503", WEB,
	  "fatal: unable to access 'https://git.corp/x/': The requested URL returned error: 503\n",
	  ERR_NET, "git.corp answers 503: try again later" },
	{ "410", WEB,
	  "fatal: unable to access 'https://git.corp/x/': The requested URL returned error: 410\n",
	  ERR_NET, "git.corp answers 410: is it the URL that git clones?" },
	{ "no password", WEB,
	  "fatal: could not read Username for 'https://git.corp:8443': terminal prompts disabled\n",
	  ERR_AUTH,
	  "git.corp:8443 asks for a user and a password, and neither ~/.netrc nor a credential "
	  "helper of "
	  "git has one that it takes" },
	{ "a wrong password", WEB, "fatal: Authentication failed for 'https://other.corp/x.git/'\n",
	  ERR_AUTH, "other.corp does not take the user and the password that it was given" },
	{ "unencrypted", "http://git.corp/x",
	  "fatal: could not read Username for 'http://git.corp': terminal prompts disabled\n",
	  ERR_AUTH, "git.corp asks for a password, which is not sent over plain http" },
	{ "a password that is echoed", WEB,
	  "remote: hello ann, pa55\nfatal: remote error: no pa55 here\n", ERR_NET,
	  "remote error: no ... here" },
	{ "a password in another URL", WEB,
	  "fatal: unable to access 'https://bob:s3cr@et@b.corp/': Failed to connect to b.corp "
	  "port 443\n",
	  ERR_NET, "Failed to connect to b.corp port 443" },
	{ "and quoted", WEB, "fatal: remote error: see https://bob:s3cret@b.corp/x\n", ERR_NET,
	  "remote error: see https://b.corp/x" },
	{ "a CA", WEB,
	  "fatal: unable to access 'https://git.corp/x/': server certificate verification failed. "
	  "CAfile: none CRLfile: none\n",
	  ERR_NET,
	  "server certificate verification failed. CAfile: none CRLfile: none: SSL_CERT_FILE "
	  "names the CAs "
	  "to trust" },
	{ "a certificate of another name", WEB,
	  "fatal: unable to access 'https://git.corp/x/': SSL: certificate subject name (other) "
	  "does not match target host name 'git.corp'\n",
	  ERR_NET,
	  "SSL: certificate subject name (other) does not match target host name 'git.corp': the "
	  "URL has to have a name that the certificate is for" },
	{ "a certificate that has expired", WEB,
	  "fatal: unable to access 'https://git.corp/x/': SSL certificate problem: certificate has "
	  "expired\n",
	  ERR_NET,
	  "SSL certificate problem: certificate has expired: its owner has to renew it, unless "
	  "this machine's clock is wrong" },
	{ "a proxy that wants a password", WEB,
	  "fatal: unable to access 'https://git.corp/x/': CONNECT tunnel failed, response 407\n",
	  ERR_AUTH,
	  "CONNECT tunnel failed, response 407: the proxy's URL takes a user and a password: "
	  "http://user:password@proxy:port" },
	{ "a proxy that refuses", WEB,
	  "fatal: unable to access 'https://git.corp/x/': CONNECT tunnel failed, response 403\n",
	  ERR_NET,
	  "CONNECT tunnel failed, response 403: NO_PROXY names the hosts that are asked without "
	  "it" },
	{ "an unknown host key", SSH, "Host key verification failed.\r\n" END, ERR_NET,
	  "Host key verification failed: ssh-keyscan prints the host's key: compare it with what "
	  "the "
	  "host's owner says, and add it to ~/.ssh/known_hosts" },
	{ "another host key", SSH,
	  "@@@@@@@\nHost key for git.corp has changed and you have requested strict checking.\r\n"
	  "Host key verification failed.\r\n" END,
	  ERR_NET,
	  "Host key for git.corp has changed and you have requested strict checking; Host key "
	  "verification "
	  "failed: ask the host's owner; if it is so, remove the old key with ssh-keygen -R" },
	{ "no key", SSH, "git@git.corp: Permission denied (publickey).\r\n" END, ERR_AUTH,
	  "git@git.corp: Permission denied (publickey): a key that may read it must be in an "
	  "agent, or in "
	  "~/.ssh without a passphrase" },
	{ "a port without a server", SSH,
	  "ssh: connect to host git.corp port 22: Connection refused\r\n" END, ERR_NET,
	  "ssh: connect to host git.corp port 22: Connection refused" },
	{ "no ssh", SSH,
	  "error: cannot run ssh: No such file or directory\nfatal: unable to fork\n", ERR_NET,
	  "git.corp cannot be asked: the program ssh is not installed (openssh-client)" },
	{ "no repository", SSH, "fatal: '/x' does not appear to be a git repository\n" END, ERR_NET,
	  "'/x' does not appear to be a git repository: the path is wrong, or the user that we "
	  "are there "
	  "may not read it" },
	{ "SHA-256", SSH, "From x\nfatal: mismatched algorithms: client sha1; server sha256\n",
	  ERR_NET,
	  "mismatched algorithms: client sha1; server sha256: repositories with SHA-256 object "
	  "names are "
	  "not supported, only those with SHA-1" },
	{ "two lines", "git://git.corp/x",
	  "fatal: unable to connect to git.corp:\ngit.corp[0: 10.0.0.1]: errno=Connection "
	  "refused\n\n",
	  ERR_NET,
	  "unable to connect to git.corp:; git.corp[0: 10.0.0.1]: errno=Connection refused" },
	{ "a full disk", SSH, "fatal: write error: No space left on device\n" END, ERR_IO,
	  "write error: No space left on device" },
	{ "a broken clone", SSH,
	  "error: refs/heads/main does not point to a valid object!\nhint: x\n", ERR_INVALID,
	  "refs/heads/main does not point to a valid object!; hint: x" },
	{ "nothing", "/srv/x", "", ERR_INVALID, "git failed without a word" },
	{ "control characters", "/srv/x", "fatal: a\033[2Jb\n", ERR_INVALID, "a?[2Jb" },
};

/* As long as can be: nothing is written behind the message. */
static void test_long(const struct remote *from)
{
	static char text[20000];
	struct err err = ERR_INIT;

	memset(text, 'x', sizeof(text));
	CHECK(git_failure_set(&err, span_of(text, sizeof(text)), from) < 0);
	CHECK(strlen(err.msg) == sizeof(err.msg) - 1);
}

int main(void)
{
	struct remote r = REMOTE_INIT;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!CHECK_ROW(remote_parse(&r, rows[i].from, &err) == 0, rows[i].from))
			continue;
		CHECK_ROW(git_failure_set(&err, span_str(rows[i].said), &r) < 0, rows[i].name);
		CHECK_TEXT(err.msg, rows[i].msg, rows[i].name);
		CHECK_ROW(err.kind == rows[i].kind, rows[i].name);
		remote_release(&r);
	}
	if (CHECK(remote_parse(&r, WEB, &err) == 0))
		test_long(&r);
	remote_release(&r);
	return tap_done();
}
