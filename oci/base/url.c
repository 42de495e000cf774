#include "oci/base/url.h"

#include <stdio.h>
#include <strings.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/percent.h"

static int refuse_url(struct err *err, struct span text, const char *why)
{
	char shown[URL_SHOWN];
	cleanup_free char *copy = xstrndup(text.p, text.n > LIMIT_URL ? LIMIT_URL : text.n);

	url_show(copy, shown);
	return err_set(err, ERR_INVALID, 0, "URL \"%s\" %s", shown, why);
}

/* A byte that must be escaped in a URL, or that HTTP clients treat differently. */
static bool is_unsafe(char c)
{
	return (unsigned char)c <= ' ' || (unsigned char)c >= 0x7f || memchr("\\\"<>^`{|}", c, 10);
}

static bool all_safe(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_unsafe(s.p[i]))
			return false;
	return true;
}

static struct span without_fragment(struct span s)
{
	const char *hash = memchr(s.p, '#', s.n);

	return hash ? span_of(s.p, (size_t)(hash - s.p)) : s;
}

static size_t until_any(struct span s, const char *set)
{
	size_t i = 0;

	while (i < s.n && !strchr(set, s.p[i]))
		i++;
	return i;
}

/* What follows the first `at` bytes. */
static struct span behind(struct span s, size_t at)
{
	return span_of(s.p + at, s.n - at);
}

static bool host_is_name(struct span host)
{
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '.' || c == '_'))
			return false;
	}
	return host.n > 0;
}

static bool host_is_ipv6(struct span host)
{
	if (host.n < 4 || host.p[0] != '[' || host.p[host.n - 1] != ']')
		return false;
	for (size_t i = 1; i < host.n - 1; i++)
		if (!strchr("0123456789abcdefABCDEF:.", host.p[i]))
			return false;
	return true;
}

/* host [":" port], RFC 3986, 3.2, without the userinfo. */
static bool parse_authority(struct url *u, struct span authority)
{
	size_t host = authority.n && authority.p[0] == '[' ? until_any(authority, "]") + 1 : 0;
	long long port = u->https ? 443 : 80;
	struct span rest;

	if (host > authority.n)
		return false;
	host += until_any(behind(authority, host), ":");
	u->host = span_of(authority.p, host);
	rest = behind(authority, host);
	if (rest.n > 1)
		port = span_number(behind(rest, 1), 65535);
	if (port < 1 || u->host.n > LIMIT_NAME)
		return false;
	u->port = (unsigned)port;
	return host_is_name(u->host) || host_is_ipv6(u->host);
}

static bool has_scheme(struct span s, const char *scheme)
{
	size_t n = strlen(scheme);

	return s.n >= n && strncasecmp(s.p, scheme, n) == 0;
}

int url_parse(struct url *u, struct span text, struct err *err)
{
	struct url out = { .https = has_scheme(text, "https://") };
	struct span rest;
	size_t authority;

	if (!out.https && !has_scheme(text, "http://"))
		return refuse_url(err, text, "is neither http:// nor https://");
	if (text.n > LIMIT_URL)
		return refuse_url(err, text, "is too long");
	if (!all_safe(text))
		return refuse_url(err, text, "has a character that no URL has");
	rest = without_fragment(behind(text, out.https ? 8 : 7));
	authority = until_any(rest, "/?");
	if (memchr(rest.p, '@', authority))
		return refuse_url(err, text, "has a user name in it");
	if (!parse_authority(&out, span_of(rest.p, authority)))
		return refuse_url(err, text, "has no valid host and port");
	out.target = behind(rest, authority);
	*u = out;
	return 0;
}

/* The length of out[0..n) without its last segment and the slash of it, and not less than
 * `root`. */
static size_t drop_segment(const char *out, size_t n, size_t root)
{
	while (n > root && out[n - 1] != '/')
		n--;
	return n > root ? n - 1 : root;
}

/* Removes "." and ".." from the path that begins at out[root] (RFC 3986, 5.2.4), in place. */
static void remove_dot_segments(char *out, size_t root)
{
	size_t path = root + strcspn(out + root, "?"), at = root, n = root;
	cleanup_free char *query = xstrdup(out + path);

	while (at < path) {
		size_t len = 1;
		bool last;

		while (at + len < path && out[at + len] != '/')
			len++;
		last = at + len == path;
		if (len == 3 && memcmp(out + at, "/..", 3) == 0) {
			n = drop_segment(out, n, root);
			if (last)
				out[n++] = '/';
		} else if (len == 2 && memcmp(out + at, "/.", 2) == 0) {
			if (last)
				out[n++] = '/';
		} else {
			memmove(out + n, out + at, len);
			n += len;
		}
		at += len;
	}
	memcpy(out + n, query, strlen(query) + 1);
}

/* The offset of the path of an absolute URL. */
static size_t path_at(const char *url)
{
	const char *authority = strstr(url, "://");

	authority = authority ? authority + 3 : url;
	return (size_t)(authority - url) + strcspn(authority, "/?");
}

/* The length of the part of `base` that a relative reference is appended to. */
static size_t kept_of_base(const char *base, struct span reference)
{
	size_t root = path_at(base), path = root + strcspn(base + root, "?");

	if (reference.n && reference.p[0] == '/')
		return root;
	if (!reference.n)
		return strlen(base);
	if (reference.p[0] == '?')
		return path;
	while (path > root && base[path - 1] != '/')
		path--;
	return path;
}

/* Bytes that servers forget to escape and clients escape for them: blanks, quotes, bytes beyond
 * ASCII. Control characters and backslashes stay, and are refused by url_parse(). */
static bool is_forgotten(char c)
{
	return (unsigned char)c > 0x7f || (c && strchr(" \"<>^`{|}", c));
}

static char *escape_forgotten(const char *url)
{
	struct buf out = BUF_INIT(4 * LIMIT_URL);
	size_t path = path_at(url);

	buf_add(&out, url, path);
	for (const char *c = url + path; *c; c++)
		if (is_forgotten(*c))
			percent_encode_byte(&out, *c);
		else
			buf_addc(&out, *c);
	return buf_take(&out);
}

char *url_resolve(const char *base, struct span reference, struct err *err)
{
	struct span r = without_fragment(reference);
	cleanup_free char *joined = NULL, *out = NULL;
	struct url u;
	size_t colon = until_any(r, ":/?"), kept;

	if (r.n > LIMIT_URL)
		return refuse_url(err, r, "is too long"), NULL;
	if (colon < r.n && r.p[colon] == ':') {
		joined = xstrndup(r.p, r.n);
	} else if (span_starts(r, "//")) {
		joined = xasprintf("%.*s%.*s", (int)(strcspn(base, "/")), base, SPAN_ARG(r));
	} else {
		kept = kept_of_base(base, r);
		joined = xasprintf("%.*s%s%.*s", (int)kept, base,
				   kept == path_at(base) && r.n && !strchr("/?", r.p[0]) ? "/" : "",
				   SPAN_ARG(r));
	}
	out = escape_forgotten(joined);
	if (url_parse(&u, span_str(out), err) < 0)
		return NULL;
	remove_dot_segments(out, path_at(out));
	return take(out);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->https == b->https && a->port == b->port && a->host.n == b->host.n &&
	       strncasecmp(a->host.p, b->host.p, a->host.n) == 0;
}

char *url_origin(const struct url *u)
{
	char *out =
		xasprintf("%s://%.*s:%u", u->https ? "https" : "http", SPAN_ARG(u->host), u->port);

	for (char *c = out; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (u->port == (u->https ? 443 : 80))
		*strrchr(out, ':') = '\0';
	return out;
}

void url_show(const char *url, char out[static URL_SHOWN])
{
	const char *authority = strstr(url, "://");
	size_t scheme = authority ? (size_t)(authority - url) + 3 : 0;
	size_t end = strcspn(url, "?#"), at = scheme;

	if (scheme > end)
		scheme = at = 0;
	for (size_t i = scheme; i < end && url[i] != '/'; i++)
		if (url[i] == '@')
			at = i + 1;
	snprintf(out, URL_SHOWN, "%.*s%.*s", (int)scheme, url, (int)(end - at), url + at);
}
