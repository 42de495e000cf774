#include "sync/remote.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "oci/auth/credential.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/base/url.h"
#include "oci/http/origin.h"

#define BEGINS_WITH_MINUS "a part of it begins with \"-\", which a program could take for an option"

static const struct {
	const char *scheme;
	enum remote_way way;
} schemes[] = {
	{ "https://", REMOTE_HTTPS }, { "http://", REMOTE_HTTP },  { "ssh://", REMOTE_SSH },
	{ "git://", REMOTE_GIT },     { "file://", REMOTE_LOCAL },
};

static struct span after(struct span s, size_t n)
{
	return span_of(s.p + n, s.n - n);
}

static size_t index_of(struct span s, char c)
{
	const char *at = memchr(s.p, c, s.n);

	return at ? (size_t)(at - s.p) : s.n;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* ---- user:password@ ---- */

/* The text may hold a password: the message does not repeat it. */
static int refuse(struct err *err, const char *why)
{
	return err_set(err, ERR_USAGE, 0, "--repo: %s", why);
}

/* Percent-decoded (RFC 3986, 2.1), NUL-terminated; NULL when it cannot be, or holds a control
 * character. */
static char *decoded(struct span s)
{
	char *out = xcalloc(s.n + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char hex[3] = "", *end = hex;
		int c = (unsigned char)s.p[i];

		if (c == '%' && s.n - i > 2) {
			memcpy(hex, s.p + i + 1, 2);
			c = (int)strtol(hex, &end, 16);
			i += 2;
		}
		if (end != hex + strlen(hex) || c < ' ') {
			credential_wipe(out);
			return NULL;
		}
		out[n++] = (char)c;
	}
	return out;
}

/* Takes "user:password@" off the front of what follows the scheme. A password may hold an "@" that
 * is not escaped: the last one before the path counts. */
static int cut_userinfo(struct remote *r, struct span *rest, struct err *err)
{
	struct span authority = span_of(rest->p, index_of(*rest, '/')), user;
	const char *at = memrchr(authority.p, '@', authority.n);
	size_t colon;

	if (!at)
		return 0;
	user = span_of(rest->p, (size_t)(at - rest->p));
	*rest = after(*rest, user.n + 1);
	colon = index_of(user, ':');
	if (colon < user.n && !(r->password = decoded(after(user, colon + 1))))
		return refuse(err, "the password in the URL cannot be read");
	r->user = decoded(span_of(user.p, colon));
	return r->user ? 0 : refuse(err, "the user name in the URL cannot be read");
}

/* ---- host ---- */

static bool host_is_plain(struct span host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!isalnum((unsigned char)host.p[i]) && !strchr("-._:[]", host.p[i]))
			return false;
	return host.n > 0 && host.n <= LIMIT_NAME && host.p[0] != '-';
}

/* "host", "host:22", "[::1]:22" in front of the path. */
static int read_host(struct remote *r, struct span rest, struct err *err)
{
	struct span host = span_of(rest.p, index_of(rest, '/'));
	size_t bracket = index_of(host, ']');

	if (host.p[0] == '[' && bracket < host.n)
		host = span_of(host.p + 1, bracket - 1);
	else
		host.n = index_of(host, ':');
	if (!host_is_plain(host))
		return refuse(err, "the URL has no valid host");
	r->host = xstrndup(host.p, host.n);
	return 0;
}

/* "host:2222/path" of a URL: the port. */
static int check_port(struct span rest, struct err *err)
{
	struct span host = span_of(rest.p, index_of(rest, '/'));
	const char *colon = memrchr(host.p, ':', host.n);
	struct span port = SPAN_INIT;

	if (colon && !memchr(colon, ']', host.n - (size_t)(colon - host.p)))
		port = after(host, (size_t)(colon - host.p) + 1);
	return port.n && span_number(port, 65535) < 1 ? refuse(err, "the URL has no valid port")
						      : 0;
}

/* git decodes it, and gives it to other programs. */
static int check_path(struct span path, struct err *err)
{
	cleanup_free char *text = decoded(path);

	if (!text)
		return refuse(err, "the path in the URL cannot be read");
	return text[0] == '-' ? refuse(err, BEGINS_WITH_MINUS) : 0;
}

static int check_credentials(const struct remote *r, struct err *err)
{
	if (r->way == REMOTE_SSH && r->password)
		return refuse(err, "ssh takes keys, from an agent or ~/.ssh, and no password");
	if ((r->way == REMOTE_GIT || r->way == REMOTE_LOCAL) && r->user)
		return refuse(err, "only https and ssh know users");
	if (r->user && r->user[0] == '-')
		return refuse(err, BEGINS_WITH_MINUS);
	return 0;
}

static int check_http(const struct remote *r, struct err *err)
{
	struct url u;

	if (r->way != REMOTE_HTTPS && r->way != REMOTE_HTTP)
		return 0;
	if (strpbrk(r->url, "?#"))
		return refuse(
			err,
			"the URL of a repository has no \"?\" and no \"#\"; a token belongs into "
			"~/.netrc");
	if (url_parse(&u, span_str(r->url), err) == 0)
		return 0;
	err->kind = ERR_USAGE;
	return err_wrap(err, "--repo");
}

static int parse_url(struct remote *r, const char *scheme, struct span rest, struct err *err)
{
	bool keep_user;

	if (r->way != REMOTE_LOCAL &&
	    (cut_userinfo(r, &rest, err) < 0 || read_host(r, rest, err) < 0))
		return -1;
	keep_user = r->way == REMOTE_SSH && r->user;
	r->url = xasprintf("%s%s%s%.*s", scheme, keep_user ? r->user : "", keep_user ? "@" : "",
			   SPAN_ARG(rest));
	if (index_of(rest, '/') + 1 >= rest.n)
		return err_set(err, ERR_USAGE, 0, "--repo: \"%s\" names no repository", r->url);
	if (check_credentials(r, err) < 0 || check_http(r, err) < 0)
		return -1;
	if (r->way == REMOTE_HTTPS || r->way == REMOTE_HTTP)
		return 0;
	return check_port(rest, err) < 0 ? -1 : check_path(rest, err);
}

/* "git@host:path", "host:path": what has a colon before its first slash. */
static int parse_ssh(struct remote *r, const char *text, struct err *err)
{
	struct span rest = span_str(text);
	size_t at = index_of(rest, '@'), colon;

	if (at < index_of(rest, ':')) {
		r->user = xstrndup(text, at);
		rest = after(rest, at + 1);
	} else if (at < index_of(rest, '/'))
		return refuse(err, "a user and a password need a scheme: https:// in front");
	if (rest.p[0] == '[')
		return refuse(err, "an address in brackets needs a scheme: ssh:// in front");
	colon = index_of(rest, ':');
	r->way = REMOTE_SSH;
	r->url = xstrdup(text);
	if (colon + 1 >= rest.n)
		return err_set(err, ERR_USAGE, 0, "--repo: \"%s\" names no repository", text);
	if (rest.p[colon + 1] == '-')
		return refuse(err, BEGINS_WITH_MINUS);
	return read_host(r, span_of(rest.p, colon), err);
}

/* ---- all of it ---- */

static bool has_control_character(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static int parse(struct remote *r, const char *text, struct err *err)
{
	size_t colon = strcspn(text, ":");

	if (text[0] == '-')
		return refuse(err, BEGINS_WITH_MINUS);
	if (strncmp(text + colon, "::", 2) == 0 && colon < strcspn(text, "/"))
		return refuse(err, "git's remote helpers (\"NAME::\") are not used");
	if (!*text || has_control_character(text) || strlen(text) > LIMIT_URL)
		return refuse(err, "this is no URL and no path");
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i].scheme);

		r->way = schemes[i].way;
		if (strncasecmp(text, schemes[i].scheme, n) == 0)
			return parse_url(r, schemes[i].scheme, span_str(text + n), err);
	}
	if (strncmp(text + colon, "://", 3) == 0)
		return err_set(err, ERR_USAGE, 0,
			       "--repo: \"%.*s://\" is none of https, http, ssh, git, file",
			       (int)colon, text);
	if (text[colon] && colon < strcspn(text, "/") && !is_directory(text))
		return parse_ssh(r, text, err);
	r->way = REMOTE_LOCAL;
	r->url = xstrdup(text);
	return 0;
}

int remote_parse(struct remote *r, const char *text, struct err *err)
{
	*r = (struct remote)REMOTE_INIT;
	if (parse(r, text, err) == 0)
		return 0;
	remote_release(r);
	return -1;
}

void remote_release(struct remote *r)
{
	free(r->url);
	free(r->host);
	credential_wipe(r->user);
	credential_wipe(r->password);
	*r = (struct remote)REMOTE_INIT;
}

bool remote_is_open(const struct remote *r)
{
	return (r->way == REMOTE_HTTP || r->way == REMOTE_GIT) &&
	       !origin_is_loopback(span_str(r->host));
}
