/*
 * span - borrowed bytes: a pointer and a length. The bytes have another owner and no NUL at the
 * end.
 *
 * Parsers walk over spans without copying. A span lives as long as the bytes it points into.
 */
#ifndef OCI_BASE_SPAN_H
#define OCI_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *p;
	size_t n;
};

#define SPAN_INIT                                                                                  \
	{                                                                                          \
		.p = "", .n = 0                                                                    \
	}
/* for printf's "%.*s" */
#define SPAN_ARG(s) (int)(s).n, (s).p

static inline struct span span_of(const char *p, size_t n)
{
	return (struct span){ .p = p, .n = n };
}

static inline struct span span_str(const char *s)
{
	return span_of(s, strlen(s));
}

static inline bool span_eq(struct span a, const char *s)
{
	return strlen(s) == a.n && (!a.n || memcmp(a.p, s, a.n) == 0);
}

static inline bool span_same(struct span a, struct span b)
{
	return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0);
}

/* The order of two spans by their bytes, as strcmp() has it of texts. */
int span_cmp(struct span a, struct span b);
bool span_eq_nocase(struct span a, const char *s);
bool span_starts(struct span a, const char *prefix);
bool span_ends(struct span a, const char *suffix);

/* Without blanks (space and tab) at both ends. */
struct span span_trim(struct span s);

/* Cuts the first word (no space, no tab) off the front of *rest, and the blanks around it. Empty
 * when there is none. */
struct span span_word(struct span *rest);

/* Cuts the bytes before the first `sep` off the front of *rest, and the separator with them; *word
 * gets the bytes. False when *rest is used up (its p is then NULL). n separators part n + 1 words:
 * "a,,b" gives "a", "", "b"; "a," gives "a", ""; "" gives one empty word. */
bool span_cut(struct span *rest, char sep, struct span *word);

/* Cuts the next line of a file for people off the front: without blanks around it and a CR at its
 * end, and not an empty one or a comment (#). *number counts all lines, from 0 before the first.
 * False when there is none. */
bool span_cut_line(struct span *rest, int *number, struct span *line);

/* The number of bytes of the UTF-8 character at the front of s (RFC 3629, 4), or 0 when there is
 * none. */
size_t span_utf8(struct span s);

/* The digits of s as a number of at most `max`; -1 when it is empty, has another character, or is
 * larger. */
long long span_number(struct span s, long long max);
/* The order of two numbers, however many digits they have; leading zeros do not matter. Both
 * consist of digits. */
int span_cmp_digits(struct span a, struct span b);

#endif
