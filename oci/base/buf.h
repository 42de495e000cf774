/*
 * buf - growable bytes with a ceiling.
 *
 *	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_MANIFEST);
 *	buf_addf(&b, "{\"name\":\"%s\"", name);	   // unchecked in the middle ...
 *	if (buf_failed(&b))			   // ... one check at the end
 *
 * b.p is never NULL and always ends in a NUL that b.n does not count. An addition that would exceed
 * the ceiling adds nothing and sets `failed`, which stays set until buf_clear().
 */
#ifndef OCI_BASE_BUF_H
#define OCI_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct buf {
	char *p;
	size_t n;    /* bytes used */
	size_t cap;  /* bytes allocated; 0: p is the shared empty string */
	size_t max;  /* ceiling of n */
	bool failed; /* something did not fit, and everything after it was left out */
};

extern char buf_empty[1];
#define BUF_INIT(ceiling)                                                                          \
	{                                                                                          \
		.p = buf_empty, .n = 0, .cap = 0, .max = (ceiling), .failed = false                \
	}

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
/* Empties the buffer and resets `failed`; keeps the memory for reuse. */
void buf_clear(struct buf *b);

/* Each gives false when the ceiling does not allow it. */
bool buf_add(struct buf *b, const void *p, size_t n);
bool buf_adds(struct buf *b, const char *s);
bool buf_addc(struct buf *b, char c);
bool buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds s, or at most `max` bytes of it, whole characters, and "\u2026" behind them. */
bool buf_add_start(struct buf *b, const char *s, size_t max);
/* Adds s as a JSON string with its quotes (RFC 8259, 7). Bytes that are not UTF-8 become U+FFFD,
 * since a single one would make the whole document unreadable; characters that may not be shown
 * become escapes, which mean the same. */
bool buf_add_json(struct buf *b, const char *s);
/* The same for bytes that may hold a NUL. */
bool buf_add_json_span(struct buf *b, struct span s);
/* Adds what stands inside a JSON string already: what may not be shown (oci/base/printable.h) as
 * escapes. */
void buf_add_shown(struct buf *b, struct span s);

/* Space for n more bytes at b->p + b->n: the caller fills it and adds to b->n. NULL past the
 * ceiling. */
char *buf_reserve(struct buf *b, size_t n);

/* Gives the bytes away, NUL-terminated, to be freed; the buffer is empty afterwards. */
char *buf_take(struct buf *b);

static inline bool buf_failed(const struct buf *b)
{
	return b->failed;
}

static inline struct span buf_span(const struct buf *b)
{
	return span_of(b->p, b->n);
}

#endif
