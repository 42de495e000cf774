#include "sync/advice.h"

#include "oci/base/err.h"
#include "tests/tap.h"

static const struct {
	const char *name, *said, *with_remedy;
} rows[] = {
	{ "unknown host",
	  "ssh: No RSA host key is known for git.corp and you have requested strict checking",
	  "ssh: No RSA host key is known for git.corp and you have requested strict checking: ssh-keyscan "
	  "asks for it: compare it with what the host's owner says, and add it to ~/.ssh/known_hosts" },
	{ "another key",
	  "ssh: Host key for git.corp has changed and you have requested strict checking",
	  "ssh: Host key for git.corp has changed and you have requested strict checking: ask the host's "
	  "owner; if it is so, take the old one out with ssh-keygen -R" },
	{ "no key of ours", "ssh: git@git.corp: Permission denied (publickey)",
	  "ssh: git@git.corp: Permission denied (publickey): a key that may read it must be in an agent, or "
	  "in ~/.ssh without a passphrase" },
	{ "a CA of theirs", "SSL certificate problem: unable to get local issuer certificate",
	  "SSL certificate problem: unable to get local issuer certificate: SSL_CERT_FILE names the CAs to "
	  "trust" },
	{ "a proxy that wants to know us", "CONNECT tunnel failed, response 407",
	  "CONNECT tunnel failed, response 407: the user and the password for it belong into the proxy's "
	  "URL, http://user:password@proxy:port" },
	{ "a proxy that will not", "CONNECT tunnel failed, response 403",
	  "CONNECT tunnel failed, response 403: NO_PROXY names the hosts that are asked without it" },
	{ "none is known", "the moon is made of cheese", "the moon is made of cheese" },
};

/* As long as a message can be: nothing is written behind it. */
static void test_full(void)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_NET, 0, "Permission denied %0*d", (int)sizeof(err.msg), 0);
	advice_add(&err);
	CHECK(strlen(err.msg) == sizeof(err.msg) - 1);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;

		err_set(&err, ERR_NET, 0, "%s", rows[i].said);
		advice_add(&err);
		CHECK_TEXT(err.msg, rows[i].with_remedy, rows[i].name);
	}
	test_full();
	return tap_done();
}
