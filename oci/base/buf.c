#include "oci/base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "oci/base/cleanup.h"
#include "oci/base/printable.h"

char buf_empty[1] = "";

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf)BUF_INIT(max);
}

void buf_release(struct buf *b)
{
	if (b->cap)
		free(b->p);
	buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
	if (b->cap)
		b->p[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t n)
{
	if (b->failed || n > b->max - b->n) {
		b->failed = true;
		return NULL;
	}
	if (b->n + n >= b->cap) {
		size_t cap = b->cap ? b->cap : 64;

		while (cap <= b->n + n)
			cap *= 2;
		b->p = xrealloc(b->cap ? b->p : NULL, cap, 1);
		b->p[b->n] = '\0'; /* new memory, and the caller may fill none of it */
		b->cap = cap;
	}
	return b->p + b->n;
}

bool buf_add(struct buf *b, const void *p, size_t n)
{
	char *space = buf_reserve(b, n);

	if (!space)
		return false;
	if (n)
		memcpy(space, p, n);
	space[n] = '\0';
	b->n += n;
	return true;
}

bool buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

bool buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

bool buf_add_start(struct buf *b, const char *s, size_t max)
{
	size_t n = strnlen(s, max + 1);

	if (n <= max)
		return buf_add(b, s, n);
	/* not in the middle of a character */
	for (n = max; n && ((unsigned char)s[n] & 0xc0) == 0x80;)
		n--;
	return buf_add(b, s, n) && buf_adds(b, "\u2026");
}

bool buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	char *space;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	space = n < 0 ? NULL : buf_reserve(b, (size_t)n);
	if (!space) {
		b->failed = true;
	} else {
		vsnprintf(space, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
	return space != NULL;
}

/* \uXXXX (RFC 8259, 7), two of them beyond U+FFFF. */
static void add_code(struct buf *b, uint32_t code)
{
	if (code > 0xffff)
		buf_addf(b, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
	else
		buf_addf(b, "\\u%04x", code);
}

/* How many bytes at the front are shown as they are without a closer look: nearly all of every
 * text. A bracket may open a command. */
static size_t plain_length(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= ' ' && s.p[n] <= '~' && s.p[n] != '[')
		n++;
	return n;
}

void buf_add_shown(struct buf *b, struct span s)
{
	size_t n, step;

	for (size_t i = 0; i < s.n; i += step) {
		struct span rest = span_of(s.p + i, s.n - i);

		step = plain_length(rest);
		if (step) {
			buf_add(b, rest.p, step);
			continue;
		}
		n = span_utf8(rest);
		step = n ? n : 1;
		if (!n)
			add_code(b, 0xfffd); /* the replacement character */
		else if (printable_length(rest) && !printable_opens_command(s, i))
			buf_add(b, rest.p, n);
		else
			add_code(b, printable_code(rest.p, n));
	}
}

bool buf_add_json_span(struct buf *b, struct span s)
{
	buf_addc(b, '"');
	for (size_t n; s.n; s = span_of(s.p + n, s.n - n)) {
		for (n = 0; n < s.n && s.p[n] != '"' && s.p[n] != '\\' && s.p[n] != '\n';)
			n++;
		buf_add_shown(b, span_of(s.p, n));
		if (!n) {
			buf_addf(b, "\\%c", *s.p == '\n' ? 'n' : *s.p);
			n = 1;
		}
	}
	return buf_addc(b, '"');
}

bool buf_add_json(struct buf *b, const char *s)
{
	return buf_add_json_span(b, span_str(s));
}

char *buf_take(struct buf *b)
{
	char *p = b->cap ? b->p : xstrdup("");

	buf_init(b, b->max);
	return p;
}
