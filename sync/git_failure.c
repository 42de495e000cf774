#include "sync/git_failure.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/redact.h"
#include "oci/registry/http_status.h"
#include "sync/remote.h"

enum { LINES = 2, TEXT_MAX = 4096 };

/* The first row whose `said` is in git's text decides. */
struct git_failure {
	const char *said;
	enum err_kind kind;
	const char *words;  /* after the host's name, instead of git's; NULL: git's */
	const char *advice; /* after the words; or NULL */
};

static const struct git_failure failures[] = {
	/* this machine */
	{ "No space left on device", ERR_IO, NULL, NULL },
	{ "Disk quota exceeded", ERR_IO, NULL, NULL },
	{ "Read-only file system", ERR_IO, NULL, NULL },
	{ "insufficient permission for adding an object", ERR_IO, NULL, NULL },
	{ "cannot run ssh: No such file", ERR_NET,
	  "cannot be asked: the program ssh is not installed (openssh-client)", NULL },
	{ "ssh: not found", ERR_NET,
	  "cannot be asked: the program ssh is not installed (openssh-client)", NULL },
	{ "ssh: command not found", ERR_NET,
	  "cannot be asked: the program ssh is not installed (openssh-client)", NULL },
	{ "is not a git command", ERR_NET, NULL, "this git was installed without that protocol" },
	/* the repository */
	{ "mismatched algorithms", ERR_NET, NULL,
	  "repositories with SHA-256 object names are not supported, only those with SHA-1" },
	{ "dubious ownership", ERR_NET, NULL, NULL },
	{ "does not appear to be a git repository", ERR_NET, NULL,
	  "the path is wrong, or the user that we are there may not read it" },
	/* OpenSSH */
	{ "has changed and you have requested strict checking", ERR_NET, NULL,
	  "ask the host's owner; if it is so, remove the old key with ssh-keygen -R" },
	{ "REMOTE HOST IDENTIFICATION HAS CHANGED", ERR_NET, NULL,
	  "ask the host's owner; if it is so, remove the old key with ssh-keygen -R" },
	{ "Host key verification failed", ERR_NET, NULL,
	  "ssh-keyscan prints the host's key: compare it with what the host's owner says, and "
	  "add it to ~/.ssh/known_hosts" },
	{ "Permission denied (", ERR_AUTH, NULL,
	  "a key that may read it must be in an agent, or in ~/.ssh without a passphrase" },
	/* libcurl and the TLS libraries that it is built with */
	{ "response 407", ERR_AUTH, NULL,
	  "the proxy's URL takes a user and a password: http://user:password@proxy:port" },
	{ "error: 407", ERR_AUTH, NULL,
	  "the proxy's URL takes a user and a password: http://user:password@proxy:port" },
	{ "CONNECT tunnel failed", ERR_NET, NULL,
	  "NO_PROXY names the hosts that are asked without it" },
	{ "certificate subject name", ERR_NET, NULL,
	  "the URL has to have a name that the certificate is for" },
	{ "certificate has expired", ERR_NET, NULL,
	  "its owner has to renew it, unless this machine's clock is wrong" },
	{ "certificate verification failed", ERR_NET, NULL,
	  "SSL_CERT_FILE names the CAs to trust" },
	{ "issuer certificate", ERR_NET, NULL, "SSL_CERT_FILE names the CAs to trust" },
	{ "self-signed certificate", ERR_NET, NULL, "SSL_CERT_FILE names the CAs to trust" },
	{ "Problem with the SSL CA cert", ERR_NET, NULL,
	  "the file that SSL_CERT_FILE or git's configuration names cannot be read" },
	{ "unexpected TLS packet", ERR_NET, "does not speak TLS", NULL },
	{ "wrong version number", ERR_NET, "does not speak TLS", NULL },
	{ "not supported or disabled in libcurl", ERR_NET,
	  "redirects to a protocol that is not followed: if the repository is there, name that URL",
	  NULL },
	{ "redirects followed", ERR_NET, "redirects without end, not to a repository", NULL },
	/* git's HTTP; the status of others is read from its words */
	{ "Authentication failed for", ERR_AUTH,
	  "does not take the user and the password that it was given", NULL },
	{ "could not read Username", ERR_AUTH,
	  "asks for a user and a password, and neither ~/.netrc nor a credential helper of git has "
	  "one that it takes",
	  NULL },
	{ "could not read Password", ERR_AUTH,
	  "asks for a password, and neither ~/.netrc nor a credential helper of git has one that "
	  "it takes",
	  NULL },
	{ "error: 403", ERR_AUTH, "does not let us read it (403)", NULL },
	{ "not valid: is this a git repository?", ERR_NET,
	  "does not answer as a git server does: is it the URL that git clones?", NULL },
	{ "unable to update url base from redirection", ERR_NET,
	  "redirects to what is not a repository: is it the URL that git clones?", NULL },
	/* the rest of what the other side or the way there can do */
	{ "unable to access", ERR_NET, NULL, NULL },
	{ "unable to connect", ERR_NET, NULL, NULL },
	{ "unable to look up", ERR_NET, NULL, NULL },
	{ "Could not read from remote repository", ERR_NET, NULL, NULL },
	{ "hung up", ERR_NET, NULL, NULL },
	{ "RPC failed", ERR_NET, NULL, NULL },
	{ "early EOF", ERR_NET, NULL, NULL },
	{ "remote error", ERR_NET, NULL, NULL },
	{ "protocol error", ERR_NET, NULL, NULL },
	{ "transport '", ERR_NET, NULL, NULL },
};

static const struct git_failure unknown = { .kind = ERR_INVALID };

static const struct git_failure *find_failure(const char *text)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (strstr(text, failures[i].said))
			return &failures[i];
	return &unknown;
}

/* ---- git's own words ---- */

/* Progress, and sentences that git adds to every failure. */
static bool is_noise(struct span line)
{
	static const char *const noise[] = {
		"From ",
		" ",
		"Receiving objects",
		"Resolving deltas",
		"Unpacking objects",
		"remote: Enumerating",
		"remote: Counting",
		"remote: Compressing",
		"remote: Total",
		"Warning: Permanently added",
		"warning: redirecting to",
		"fatal: Could not read from remote repository",
		"Please make sure you have",
		"and the repository exists",
	};

	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
		if (span_starts(line, noise[i]))
			return true;
	for (size_t i = 0; i < line.n; i++)
		if (isalpha((unsigned char)line.p[i]))
			return false;
	return true;
}

/* "fatal: unable to access 'URL': why": the URL stands in front of the message already. */
static struct span cut_front(struct span line)
{
	static const char *const fronts[] = { "fatal: ", "error: ", "unable to access " };

	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++)
		if (span_starts(line, fronts[i])) {
			size_t n = strlen(fronts[i]);

			line = span_of(line.p + n, line.n - n);
			if (i == 2) {
				const char *why = memmem(line.p, line.n, "': ", 3);

				if (why)
					line = span_of(why + 3,
						       line.n - (size_t)(why + 3 - line.p));
			}
		}
	return line;
}

static bool is_error(struct span line)
{
	return span_starts(line, "fatal: ") || span_starts(line, "error: ");
}

static struct span cut_end(struct span line)
{
	while (line.n && strchr(". \r", line.p[line.n - 1]))
		line.n--;
	return line;
}

/* Some lines as one: git's errors from the first one on; the last lines of another program, such as
 * ssh, which gives its reason last. */
static char *reason_of(const char *text)
{
	struct span rest = span_str(text), line, lines[LINES] = { { "", 0 } };
	struct buf words = BUF_INIT(TEXT_MAX + 16);
	bool erred = false;
	size_t n = 0;

	while (n < LINES && span_cut(&rest, '\n', &line)) {
		if (is_noise(line))
			continue;
		if (is_error(line) && !erred) {
			erred = true;
			n = 1; /* with the next one, which may say why */
		} else if (erred) {
			n++;
		}
		memmove(lines, lines + 1, (LINES - 1) * sizeof(lines[0]));
		lines[LINES - 1] = cut_end(cut_front(line));
	}
	for (size_t i = erred ? LINES - n : 0; i < LINES; i++)
		if (lines[i].n)
			buf_addf(&words, "%s%.*s", words.n ? "; " : "", SPAN_ARG(lines[i]));
	return words.n ? buf_take(&words) : xstrdup("git failed without a word");
}

/* ---- all of it ---- */

/* The status of an HTTP answer; 0 when it is not about one. */
static int http_status(const char *text)
{
	static const char words[] = "The requested URL returned error: ";
	const char *at = strstr(text, words);

	if (at)
		return atoi(at + sizeof(words) - 1);
	at = strstr(text, "repository '");
	return at && strstr(at, "' not found") ? 404 : 0;
}

static int set_status(struct err *err, int status, const char *host)
{
	if (status == 404)
		return err_set(err, ERR_NET, 404,
			       "%s has no such repository (404), or hides it from those who may "
			       "not read it",
			       host);
	return err_set(err, ERR_NET, status, "%s answers %d: %s", host, status,
		       http_status_is_transient(status) ? "try again later"
							: "is it the URL that git clones?");
}

/* Whose words it is about: after a redirect another host's than the URL's. */
static char *host_of(const char *text, const struct remote *from)
{
	const char *quoted = strstr(text, " for 'http");

	if (!quoted)
		return xstrdup(from->host ? from->host : "it");
	quoted = strstr(quoted, "://") ? strstr(quoted, "://") + 3 : quoted;
	return xstrndup(quoted, strcspn(quoted, "/'\n"));
}

int git_failure_set(struct err *err, struct span said, const struct remote *from)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(TEXT_MAX);
	cleanup_free char *words = NULL, *host = NULL;
	const struct git_failure *f;
	int status;

	redact_credentials(&text, said, from->password);
	buf_addc(&text, '\n');
	f = find_failure(text.p);
	host = host_of(text.p, from);
	status = from->host ? http_status(text.p) : 0;
	if (status && status != 407 && !f->words)
		return set_status(err, status, host);
	if (f->kind == ERR_AUTH && remote_is_open(from) && strstr(text.p, "could not read "))
		return err_set(err, ERR_AUTH, 401,
			       "%s asks for a password, which is not sent over plain http", host);
	if (f->words)
		return err_set(err, f->kind, status, "%s %s", host, f->words);
	words = reason_of(text.p);
	return err_set(err, f->kind, 0, "%s%s%s", words, f->advice ? ": " : "",
		       f->advice ? f->advice : "");
}
