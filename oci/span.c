#include "oci/span.h"

#include <strings.h>

bool span_eq_nocase(struct span a, const char *s)
{
	return strlen(s) == a.n && strncasecmp(a.p, s, a.n) == 0;
}

bool span_starts(struct span a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

bool span_ends(struct span a, const char *suffix)
{
	size_t n = strlen(suffix);

	return a.n >= n && memcmp(a.p + a.n - n, suffix, n) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct span span_trim(struct span s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool span_cut(struct span *rest, char sep, struct span *word)
{
	const char *at;

	if (!rest->p)
		return false;
	at = memchr(rest->p, sep, rest->n);
	*word = span_of(rest->p, at ? (size_t)(at - rest->p) : rest->n);
	*rest = at ? span_of(at + 1, rest->n - word->n - 1) : span_of(NULL, 0);
	return true;
}

long long span_number(struct span s, long long max)
{
	long long n = 0;

	if (!s.n)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		int d = s.p[i] - '0';

		if (d < 0 || d > 9 || n > (max - d) / 10)
			return -1;
		n = n * 10 + d;
	}
	return n;
}
