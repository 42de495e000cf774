#include "oci/base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "oci/base/cleanup.h"

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

bool buf_add_json(struct buf *b, const char *s)
{
	buf_addc(b, '"');
	for (size_t n; *s; s += n ? n : 1) {
		unsigned char c = (unsigned char)*s;

		n = span_utf8(span_of(s, strnlen(s, 4)));
		if (c == '"' || c == '\\')
			buf_addf(b, "\\%c", c);
		else if (c == '\n')
			buf_adds(b, "\\n");
		else if (c < 0x20 || c == 0x7f)
			buf_addf(b, "\\u%04x", c);
		else if (n)
			buf_add(b, s, n);
		else
			buf_adds(b, "\\ufffd"); /* the replacement character */
	}
	return buf_addc(b, '"');
}

char *buf_take(struct buf *b)
{
	char *p = b->cap ? b->p : xstrdup("");

	buf_init(b, b->max);
	return p;
}
