#include "oci/image/ref.h"

#include <ctype.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* How many characters of s are one separator: ".", "_", "__", or any run of "-". */
static size_t separator(struct span s)
{
	size_t n = 0;

	if (s.p[0] == '.')
		return 1;
	if (s.p[0] == '_')
		return s.n > 1 && s.p[1] == '_' ? 2 : 1;
	while (n < s.n && s.p[n] == '-')
		n++;
	return n;
}

static bool valid_component(struct span s)
{
	while (s.n && is_lower_alnum(s.p[0])) {
		size_t n;

		while (s.n && is_lower_alnum(s.p[0]))
			s = span_of(s.p + 1, s.n - 1);
		if (!s.n)
			return true;
		n = separator(s);
		if (!n)
			return false;
		s = span_of(s.p + n, s.n - n);
	}
	return false;
}

bool ref_valid_path(struct span s)
{
	struct span component;

	if (s.n == 0 || s.n > LIMIT_NAME)
		return false;
	while (span_cut(&s, '/', &component))
		if (!valid_component(component))
			return false;
	return true;
}

bool ref_valid_tag(struct span s)
{
	if (s.n == 0 || s.n > LIMIT_TAG || s.p[0] == '.' || s.p[0] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && !memchr("._-", s.p[i], 3))
			return false;
	return true;
}

bool ref_is_digest_tag(struct span tag)
{
	size_t n = 0, prefix = sizeof("sha256-") - 1;

	if (!span_starts(tag, "sha256-") && !span_starts(tag, "sha512-"))
		return false;
	while (prefix + n < tag.n && memchr("0123456789abcdef", tag.p[prefix + n], 16))
		n++;
	return n >= 64;
}

/* domain-component = [a-zA-Z0-9] | [a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9] */
static bool valid_domain(struct span s)
{
	struct span label;

	if (!s.n)
		return false;
	while (span_cut(&s, '.', &label)) {
		if (!label.n || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!isalnum((unsigned char)label.p[i]) && label.p[i] != '-')
				return false;
	}
	return true;
}

static bool valid_ipv6(struct span s)
{
	if (s.n < 2)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!isxdigit((unsigned char)s.p[i]) && s.p[i] != ':')
			return false;
	return true;
}

/* Splits "name:port" or "[v6]:port"; port.p is NULL when there is none. */
static bool split_port(struct span s, struct span *name, struct span *port)
{
	const char *end;

	*port = span_of(NULL, 0);
	if (s.n && s.p[0] == '[') {
		end = memchr(s.p, ']', s.n);
		if (!end)
			return false;
		end++;
	} else {
		end = memchr(s.p, ':', s.n);
		if (!end)
			end = s.p + s.n;
	}
	*name = span_of(s.p, (size_t)(end - s.p));
	if (end == s.p + s.n)
		return true;
	*port = span_of(end + 1, s.n - name->n - 1);
	return *end == ':';
}

bool ref_valid_host(struct span s)
{
	struct span name, port;

	if (!s.n || s.n > LIMIT_NAME || !split_port(s, &name, &port))
		return false;
	if (port.p && span_number(port, 65535) < 1)
		return false;
	if (name.n > 2 && name.p[0] == '[')
		return valid_ipv6(span_of(name.p + 1, name.n - 2));
	return valid_domain(name);
}

const char *ref_host_alias(const char *host)
{
	if (strcmp(host, "index.docker.io") == 0 || strcmp(host, "registry-1.docker.io") == 0)
		return "docker.io";
	return host;
}

char *ref_written_name(const char *repository)
{
	char *written = xstrdup(repository);
	char *port = memrchr(written, ':', strcspn(written, "/"));

	if (port)
		*port = '_';
	return written;
}

/* Docker's rule: the text before the first "/" is a host when it cannot be a component of a
 * path. */
static bool looks_like_host(struct span first)
{
	return memchr(first.p, '.', first.n) || memchr(first.p, ':', first.n) ||
	       span_eq(first, "localhost");
}

static char *lower(struct span s)
{
	char *out = xstrndup(s.p, s.n);

	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return out;
}

static int set_host(struct ref *r, struct span host, struct err *err)
{
	cleanup_free char *low = NULL;

	if (!ref_valid_host(host))
		return err_set(err, ERR_INVALID, 0, "\"%.*s\" is not a host[:port]",
			       SPAN_ARG(host));
	low = lower(host);
	r->host = xstrdup(ref_host_alias(low));
	return 0;
}

static int set_path(struct ref *r, struct span path, struct err *err)
{
	if (!ref_valid_path(path))
		return err_set(err, ERR_INVALID, 0,
			       "\"%.*s\" is not a repository name (lower-case letters, digits, and "
			       "single . _ __ - between them)",
			       SPAN_ARG(path));
	if (strcmp(r->host, "docker.io") == 0 && !memchr(path.p, '/', path.n))
		r->path = xasprintf("library/%.*s", SPAN_ARG(path));
	else
		r->path = xstrndup(path.p, path.n);
	/* distribution/reference: RepositoryNameTotalLengthMax */
	if (strlen(r->host) + 1 + strlen(r->path) > LIMIT_NAME)
		return err_set(err, ERR_INVALID, 0, "repository name is longer than %d characters",
			       LIMIT_NAME);
	return 0;
}

static int set_tag(struct ref *r, struct span tag, struct err *err)
{
	if (!ref_valid_tag(tag))
		return err_set(err, ERR_INVALID, 0,
			       "\"%.*s\" is not a tag (letters, digits, _ . -, at most %d, not "
			       "starting with . or -)",
			       SPAN_ARG(tag), LIMIT_TAG);
	r->tag = xstrndup(tag.p, tag.n);
	return 0;
}

/* Cuts "@digest" and then ":tag" (the last colon after the last slash) off the end of *text. */
static int cut_tail(struct ref *r, struct span *text, struct err *err)
{
	const char *at = memchr(text->p, '@', text->n);
	const char *slash, *colon;

	if (at) {
		struct span digest = span_of(at + 1, (size_t)(text->p + text->n - at - 1));

		if (digest_parse(&r->digest, digest, err) < 0)
			return -1;
		text->n = (size_t)(at - text->p);
	}
	slash = memrchr(text->p, '/', text->n);
	colon = memrchr(text->p, ':', text->n);
	if (colon && (!slash || colon > slash)) {
		struct span tag = span_of(colon + 1, (size_t)(text->p + text->n - colon - 1));

		text->n = (size_t)(colon - text->p);
		return set_tag(r, tag, err);
	}
	return 0;
}

static int parse_parts(struct ref *r, struct span text, struct err *err)
{
	const char *slash;
	struct span first;

	if (cut_tail(r, &text, err) < 0)
		return -1;
	slash = memchr(text.p, '/', text.n);
	first = span_of(text.p, slash ? (size_t)(slash - text.p) : 0);
	if (slash && looks_like_host(first)) {
		if (set_host(r, first, err) < 0)
			return -1;
		text = span_of(slash + 1, text.n - first.n - 1);
	} else {
		r->host = xstrdup("docker.io");
	}
	return set_path(r, text, err);
}

int ref_parse(struct ref *r, struct span text, struct err *err)
{
	/* the longest of each part, and what joins them */
	const size_t max = 2 * LIMIT_NAME + LIMIT_TAG + DIGEST_MAX + 3;
	struct ref parsed = REF_INIT;

	if (!text.n)
		return err_set(err, ERR_INVALID, 0, "an empty reference");
	if (text.n > max)
		return err_set(err, ERR_INVALID, 0, "reference of %zu characters is too long",
			       text.n);
	if (memchr(text.p, '\0', text.n))
		return err_set(err, ERR_INVALID, 0, "reference has a NUL character");
	if (parse_parts(&parsed, text, err) < 0) {
		ref_release(&parsed);
		return -1;
	}
	*r = parsed;
	return 0;
}

int ref_parse_canonical(struct ref *r, struct span text, struct err *err)
{
	struct ref parsed = REF_INIT;
	cleanup_free char *again = NULL;

	if (ref_parse(&parsed, text, err) < 0)
		return -1;
	again = ref_str(&parsed);
	if (!span_eq(text, again) || (!parsed.tag && !parsed.digest.str[0])) {
		ref_release(&parsed);
		return err_set(err, ERR_INVALID, 0,
			       "\"%.*s\" is not a full reference (host/path:tag)", SPAN_ARG(text));
	}
	*r = parsed;
	return 0;
}

void ref_release(struct ref *r)
{
	free(r->host);
	free(r->path);
	free(r->tag);
	*r = (struct ref)REF_INIT;
}

void ref_copy(struct ref *to, const struct ref *from)
{
	*to = (struct ref){
		.host = xstrdup(from->host),
		.path = xstrdup(from->path),
		.tag = from->tag ? xstrdup(from->tag) : NULL,
		.digest = from->digest,
	};
}

char *ref_str(const struct ref *r)
{
	return xasprintf("%s/%s%s%s%s%s", r->host, r->path, r->tag ? ":" : "", r->tag ? r->tag : "",
			 r->digest.str[0] ? "@" : "", r->digest.str);
}

char *ref_target(const struct ref *r)
{
	if (r->tag)
		return xasprintf("%s/%s:%s", r->host, r->path, r->tag);
	return ref_str(r);
}

char *ref_repository(const struct ref *r)
{
	return xasprintf("%s/%s", r->host, r->path);
}

const char *ref_tag_of(const char *ref)
{
	const char *slash = strrchr(ref, '/');
	const char *colon;

	if (strchr(ref, '@'))
		return NULL;
	colon = strrchr(slash ? slash : ref, ':');
	return slash && colon ? colon + 1 : NULL;
}
