#include "serve/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "oci/base/clock.h"
#include "serve/http_request.h"
#include "serve/out.h"
#include "serve/state.h"

static const struct status {
	int code;
	const char *line;
} lines[] = {
	{ 200, "HTTP/1.1 200 OK\r\n" },
	{ 204, "HTTP/1.1 204 No Content\r\n" },
	{ 206, "HTTP/1.1 206 Partial Content\r\n" },
	{ 304, "HTTP/1.1 304 Not Modified\r\n" },
	{ 400, "HTTP/1.1 400 Bad Request\r\n" },
	{ 401, "HTTP/1.1 401 Unauthorized\r\n" },
	{ 404, "HTTP/1.1 404 Not Found\r\n" },
	{ 405, "HTTP/1.1 405 Method Not Allowed\r\n" },
	{ 412, "HTTP/1.1 412 Precondition Failed\r\n" },
	{ 413, "HTTP/1.1 413 Content Too Large\r\n" },
	{ 414, "HTTP/1.1 414 URI Too Long\r\n" },
	{ 416, "HTTP/1.1 416 Range Not Satisfiable\r\n" },
	{ 429, "HTTP/1.1 429 Too Many Requests\r\n" },
	{ 431, "HTTP/1.1 431 Request Header Fields Too Large\r\n" },
	{ 500, "HTTP/1.1 500 Internal Server Error\r\n" },
	{ 501, "HTTP/1.1 501 Not Implemented\r\n" },
	{ 503, "HTTP/1.1 503 Service Unavailable\r\n" },
	{ 505, "HTTP/1.1 505 HTTP Version Not Supported\r\n" },
};

#define NLINES (sizeof(lines) / sizeof(lines[0]))
_Static_assert(NLINES < REPLY_STATUSES, "REPLY_STATUSES must be more than the rows");

size_t reply_status_row(int code)
{
	size_t row = 0;

	while (row < NLINES && lines[row].code != code)
		row++;
	return row < NLINES ? row : reply_status_row(500);
}

int reply_status_code(size_t row)
{
	return row < NLINES ? lines[row].code : 0;
}

size_t reply_common(char out[static REPLY_COMMON], const struct state *s)
{
	char date[CLOCK_HTTP];

	clock_http(clock_wall(), date);
	return (size_t)snprintf(out, REPLY_COMMON,
				"Date: %s\r\n"
				"Docker-Distribution-Api-Version: registry/2.0\r\n"
				"X-Content-Type-Options: nosniff\r\n"
				"X-Mirror-Generation: %s\r\n",
				date, s->generation);
}

void reply_start(struct exchange *x, int status, int64_t length)
{
	struct out *o = x->out;

	x->status = status;
	out_puts(o, lines[reply_status_row(status)].line);
	out_put(o, x->common.p, x->common.n);
	if (length >= 0) {
		out_put(o, "Content-Length: ", 16);
		out_number(o, length);
		out_put(o, "\r\n", 2);
	}
	/* RFC 9112, 9.3: keep-alive is the default of HTTP/1.1, but must be said to an HTTP/1.0
	 * client */
	if (x->last)
		out_put(o, REPLY_LINE("Connection: close"));
	else if (x->request->minor == 0)
		out_put(o, REPLY_LINE("Connection: keep-alive"));
	x->length = reply_is_bare(x) || length < 0 ? 0 : length;
}

void reply_end(struct exchange *x)
{
	out_put(x->out, "\r\n", 2);
	out_cut(x->out);
}

void reply_field(struct exchange *x, const char *name, const char *value)
{
	out_puts(x->out, name);
	out_put(x->out, ": ", 2);
	out_puts(x->out, value);
	out_put(x->out, "\r\n", 2);
}

void reply_digest(struct exchange *x, const char *digest)
{
	size_t n = strlen(digest);

	x->digest = digest;
	out_put(x->out, "Docker-Content-Digest: ", 23);
	out_put(x->out, digest, n);
	out_put(x->out, "\r\nETag: \"", 9);
	out_put(x->out, digest, n);
	out_put(x->out, "\"\r\n", 3);
}

bool reply_is_bare(const struct exchange *x)
{
	return x->status == 304 || x->request->method == METHOD_HEAD;
}

void reply_text(struct exchange *x, int status, const char *media_type)
{
	struct out *o = x->out;

	reply_start(x, status, (int64_t)o->text.n);
	reply_field(x, "Content-Type", media_type);
	out_put(o, REPLY_LINE("Cache-Control: no-cache"));
	if (x->extra)
		out_puts(o, x->extra);
	reply_end(x);
	if (reply_is_bare(x))
		return;
	out_lend(o, o->text.p, o->text.n);
	o->has_text = true;
}

/* Messages repeat what a client sent: reduced to ASCII, so that the JSON is valid whatever it
 * was. */
static void make_ascii(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			*s = '?';
}

void reply_error(struct exchange *x, int status, const char *code, const char *fmt, ...)
{
	char message[4 * REPOSITORY_NAMES_MAX + 256];
	struct buf *b = &x->out->text;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	make_ascii(message);
	buf_clear(b);
	buf_addf(b, "{\"errors\":[{\"code\":\"%s\",\"message\":", code);
	buf_add_json(b, message);
	buf_adds(b, "}]}\n");
	reply_text(x, status, "application/json");
}

#define RETRY_AFTER "Retry-After: 1\r\n"

void reply_too_many(struct exchange *x, const char *words)
{
	x->extra = RETRY_AFTER;
	reply_error(x, 429, "TOOMANYREQUESTS", "%s", words);
}

void reply_busy(struct exchange *x)
{
	x->extra = RETRY_AFTER;
	reply_error(x, 503, "UNAVAILABLE",
		    "this mirror is out of descriptors or memory for a moment");
}
