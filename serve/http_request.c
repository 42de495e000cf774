#include "serve/http_request.h"

#include "oci/base/limits.h"

/* A larger Content-Length is refused; bodies of this length are not read, either. */
#define MAX_BODY (1LL << 50)

/* tchar of RFC 9110, 5.6.2. */
static bool is_token_char(unsigned char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c && c < 0x7f && strchr("!#$%&'*+-.^_`|~", c);
}

static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char((unsigned char)s.p[i]))
			return false;
	return s.n > 0;
}

/* field-content of RFC 9110, 5.5: no control character but the tab. */
static bool is_field_value(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* The bytes a Host field may hold: RFC 3986, 3.2.2 and 3.2.3, without looking at their order. */
static bool is_authority(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!is_token_char(c) && !(c && strchr(":[]%()=,;", c)))
			return false;
	}
	return true;
}

/*
 * Looks for the empty line that ends a head. Gives the head's length, 0 when it is not there yet,
 * or the negated status: a line that ends without CR is refused at once (RFC 9112, 2.2), as is what
 * exceeds its ceiling.
 */
static int find_head_end(struct span in, size_t *seen)
{
	size_t at = *seen;

	while (at < in.n) {
		const char *lf = memchr(in.p + at, '\n', in.n - at);
		size_t end;

		if (!lf)
			break;
		end = (size_t)(lf - in.p);
		if (end == 0 || in.p[end - 1] != '\r')
			return -400;
		if (end >= 3 && in.p[end - 2] == '\n')
			return end + 1 > LIMIT_REQUEST_HEAD ? -431 : (int)(end + 1);
		at = end + 1;
	}
	*seen = at;
	if (at == 0 && in.n > LIMIT_REQUEST_LINE)
		return -414;
	return in.n >= LIMIT_REQUEST_HEAD ? -431 : 0;
}

/* The next line of a head, without its CRLF; a CR within is refused (RFC 9112, 2.2). */
static bool next_line(struct span *head, struct span *line)
{
	if (!span_cut(head, '\n', line) || !line->n)
		return false;
	line->n--; /* the CR that find_head_end() saw */
	return true;
}

static int read_method(struct http_request *r, struct span word)
{
	if (!is_token(word))
		return -400;
	r->method = span_eq(word, "GET")       ? METHOD_GET
		    : span_eq(word, "HEAD")    ? METHOD_HEAD
		    : span_eq(word, "POST")    ? METHOD_POST
		    : span_eq(word, "OPTIONS") ? METHOD_OPTIONS
					       : METHOD_OTHER;
	return 0;
}

static int read_version(struct http_request *r, struct span word)
{
	if (word.n != 8 || !span_starts(word, "HTTP/") || word.p[6] != '.' || word.p[5] < '0' ||
	    word.p[5] > '9' || word.p[7] < '0' || word.p[7] > '9')
		return -400;
	if (word.p[5] != '1')
		return -505;
	r->minor = word.p[7] == '0' ? 0 : 1;
	return 0;
}

/* The visible characters of ASCII, of which a request-target is made. */
static bool is_visible(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return s.n > 0;
}

/* Cuts "http://host" off the front of an absolute URI; false when the host is missing or not
 * valid. */
static bool cut_origin(struct http_request *r, struct span *uri, size_t scheme)
{
	struct span rest = span_of(uri->p + scheme, uri->n - scheme);
	size_t host = 0;

	while (host < rest.n && rest.p[host] != '/' && rest.p[host] != '?')
		host++;
	r->host = span_of(rest.p, host);
	*uri = span_of(rest.p + host, rest.n - host);
	return host && is_authority(r->host);
}

/* Whether a target that is no path may come with this method: "*" with OPTIONS (RFC 9110, 9.3.7),
 * anything with a method that is refused. */
static bool any_target(enum method method, struct span target)
{
	return method == METHOD_OTHER || (method == METHOD_OPTIONS && span_eq(target, "*"));
}

/* request-target (RFC 9112, 3.2): origin-form, absolute-form, "*" or an authority; only the first
 * two have a path. */
static int read_path(struct http_request *r, struct span uri)
{
	size_t scheme = span_starts(uri, "http://")    ? strlen("http://")
			: span_starts(uri, "https://") ? strlen("https://")
						       : 0;

	if (!is_visible(uri))
		return -400;
	if (scheme ? !cut_origin(r, &uri, scheme) : uri.p[0] != '/' && !any_target(r->method, uri))
		return -400;
	r->query = uri;
	span_cut(&r->query, '?', &r->path);
	if (!r->query.p)
		r->query = span_of("", 0);
	return 0;
}

/* request-line = method SP request-target SP HTTP-version (RFC 9112, 3) */
static int read_request_line(struct http_request *r)
{
	struct span rest = r->line, method, uri, version;
	int status;

	if (r->line.n > LIMIT_REQUEST_LINE)
		return -414;
	if (!span_cut(&rest, ' ', &method) || !span_cut(&rest, ' ', &uri) ||
	    !span_cut(&rest, ' ', &version) || rest.p)
		return -400;
	status = read_method(r, method);
	if (!status)
		status = read_version(r, version);
	return status ? status : read_path(r, uri);
}

/* Fields that are needed only while a head is read. */
struct fields {
	struct span host, length, coding;
	bool close, keep_alive;
};

static void read_connection(struct fields *f, struct span list)
{
	struct span word;

	while (span_cut(&list, ',', &word)) {
		word = span_trim(word);
		f->close |= span_eq_nocase(word, "close");
		f->keep_alive |= span_eq_nocase(word, "keep-alive");
	}
}

/* Keeps the value of a field; a second one makes it empty. */
static void keep_first(struct span *field, struct span value)
{
	*field = field->p ? span_of("", 0) : value;
}

/* Keeps the last ones: only what stands at the right end of the list is believed. */
static void keep_forwarded(struct http_request *r, struct span value)
{
	if (r->nforwarded == HTTP_FORWARDED)
		memmove(r->forwarded_for, r->forwarded_for + 1,
			--r->nforwarded * sizeof(r->forwarded_for[0]));
	r->forwarded_for[r->nforwarded++] = value;
}

/* For Host, Content-Length and Transfer-Encoding: a second one refuses the request. */
static int keep_single(struct span *field, struct span value)
{
	if (field->p)
		return -400;
	*field = value;
	return 0;
}

static int read_field(struct http_request *r, struct fields *f, struct span name, struct span value)
{
	/* the length of a name tells most fields apart, so most names are not compared at all */
	switch (name.n) {
	case 4:
		if (span_eq_nocase(name, "host"))
			return keep_single(&f->host, value);
		break;
	case 5:
		if (span_eq_nocase(name, "range"))
			keep_first(&r->range, value);
		break;
	case 6:
		if (span_eq_nocase(name, "expect"))
			r->expects_continue |= span_eq_nocase(value, "100-continue");
		break;
	case 8:
		if (span_eq_nocase(name, "if-range"))
			keep_first(&r->if_range, value);
		else if (span_eq_nocase(name, "if-match"))
			keep_first(&r->if_match, value);
		break;
	case 10:
		if (span_eq_nocase(name, "connection"))
			read_connection(f, value);
		else if (span_eq_nocase(name, "user-agent"))
			keep_first(&r->user_agent, value);
		break;
	case 13:
		if (span_eq_nocase(name, "if-none-match"))
			keep_first(&r->if_none_match, value);
		else if (span_eq_nocase(name, "authorization"))
			keep_first(&r->authorization, value);
		break;
	case 14:
		if (span_eq_nocase(name, "content-length"))
			return keep_single(&f->length, value);
		break;
	case 15:
		if (span_eq_nocase(name, "x-forwarded-for"))
			keep_forwarded(r, value);
		break;
	case 17:
		if (span_eq_nocase(name, "transfer-encoding"))
			return keep_single(&f->coding, value);
		if (span_eq_nocase(name, "x-forwarded-proto"))
			keep_first(&r->forwarded_proto, value);
		break;
	default: break;
	}
	return 0;
}

/* field-line = field-name ":" OWS field-value OWS (RFC 9112, 5); a folded line starts with a blank,
 * which is no token. */
static int read_field_line(struct http_request *r, struct fields *f, struct span line)
{
	struct span value = line, name;

	if (!span_cut(&value, ':', &name) || !value.p || !is_token(name))
		return -400;
	value = span_trim(value);
	return is_field_value(value) ? read_field(r, f, name, value) : -400;
}

/* How the body is framed (RFC 9112, 6.3); both ways at once is an attack. */
static int read_framing(struct http_request *r, const struct fields *f)
{
	if (f->coding.p) {
		if (f->length.p || r->minor == 0)
			return -400;
		if (!span_eq_nocase(f->coding, "chunked"))
			return -501;
		r->chunked = true;
	} else if (f->length.p) {
		r->body = span_number(f->length, MAX_BODY);
		if (r->body < 0)
			return -400;
	}
	return 0;
}

static int read_fields(struct http_request *r, struct span head)
{
	struct fields f = { .close = false };
	struct span line;

	for (int n = 0; next_line(&head, &line) && line.n; n++) {
		int status = n == LIMIT_REQUEST_FIELDS ? -431 : read_field_line(r, &f, line);

		if (status)
			return status;
	}
	/* RFC 9112, 3.2: HTTP/1.1 has exactly one Host field */
	if ((r->minor == 1 && !f.host.p) || !is_authority(f.host))
		return -400;
	if (!r->host.p)
		r->host = f.host.p ? f.host : span_of("", 0);
	r->keep_alive = r->minor == 1 ? !f.close : f.keep_alive && !f.close;
	return read_framing(r, &f);
}

/* The length of empty lines before a request, which are skipped (RFC 9112, 2.2). */
static size_t empty_lines(struct span in)
{
	size_t n = 0;

	while (in.n - n >= 2 && in.p[n] == '\r' && in.p[n + 1] == '\n')
		n += 2;
	return n;
}

int http_request_parse(struct http_request *r, struct span in, size_t *seen)
{
	size_t skip = empty_lines(in);
	struct span head;
	int n, status;

	if (skip == in.n || (in.n - skip == 1 && in.p[skip] == '\r'))
		return in.n > LIMIT_REQUEST_LINE ? -400 : 0;
	head = span_of(in.p + skip, in.n - skip);
	if (*seen < skip)
		*seen = skip;
	*seen -= skip;
	n = find_head_end(head, seen);
	*seen += skip;
	if (n <= 0)
		return n;
	head.n = (size_t)n;
	*r = (struct http_request){ .method = METHOD_OTHER };
	if (!next_line(&head, &r->line))
		return -400;
	status = read_request_line(r);
	if (!status)
		status = read_fields(r, head);
	return status ? status : n + (int)skip;
}

bool http_request_has_tag(struct span list, struct span tag, bool strong)
{
	struct span word;

	while (span_cut(&list, ',', &word)) {
		word = span_trim(word);
		if (span_eq(word, "*"))
			return true;
		if (span_starts(word, "W/")) {
			if (strong)
				continue;
			word = span_of(word.p + 2, word.n - 2);
		}
		if (word.n >= 2 && word.p[0] == '"' && word.p[word.n - 1] == '"')
			word = span_of(word.p + 1, word.n - 2);
		if (word.n == tag.n && memcmp(word.p, tag.p, tag.n) == 0)
			return true;
	}
	return false;
}
