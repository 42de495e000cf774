#include "oci/base/span.h"

#include <strings.h>

bool span_eq_nocase(struct span a, const char *s)
{
	return strlen(s) == a.n && (!a.n || strncasecmp(a.p, s, a.n) == 0);
}

bool span_starts(struct span a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && (!n || memcmp(a.p, prefix, n) == 0);
}

bool span_ends(struct span a, const char *suffix)
{
	size_t n = strlen(suffix);

	return a.n >= n && (!n || memcmp(a.p + a.n - n, suffix, n) == 0);
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

struct span span_word(struct span *rest)
{
	struct span all = span_trim(*rest);
	size_t n = 0;

	while (n < all.n && all.p[n] != ' ' && all.p[n] != '\t')
		n++;
	*rest = span_trim(span_of(all.p + n, all.n - n));
	return span_of(all.p, n);
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

bool span_cut_line(struct span *rest, int *number, struct span *line)
{
	while (span_cut(rest, '\n', line)) {
		++*number;
		if (line->n && line->p[line->n - 1] == '\r')
			line->n--;
		*line = span_trim(*line);
		if (line->n && line->p[0] != '#')
			return true;
	}
	return false;
}

long long span_number(struct span s, long long max)
{
	long long n = 0;

	if (!s.n)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		int d = s.p[i] - '0';

		if (d < 0 || d > 9 || d > max || n > (max - d) / 10)
			return -1;
		n = n * 10 + d;
	}
	return n;
}

size_t span_utf8(struct span s)
{
	/* the first byte tells how many follow, and the range of the second: overlong forms,
	 * surrogates and values beyond Unicode are refused */
	static const struct {
		unsigned char first, last, low, high;
		size_t n;
	} rows[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const unsigned char *c = (const unsigned char *)s.p;
	size_t row = 0;

	while (s.n && row < sizeof(rows) / sizeof(rows[0]) && c[0] > rows[row].last)
		row++;
	if (!s.n || row == sizeof(rows) / sizeof(rows[0]) || c[0] < rows[row].first ||
	    rows[row].n > s.n)
		return 0;
	if (rows[row].n > 1 && (c[1] < rows[row].low || c[1] > rows[row].high))
		return 0;
	for (size_t i = 2; i < rows[row].n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return rows[row].n;
}

int span_cmp(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static struct span without_zeros(struct span s)
{
	while (s.n > 1 && s.p[0] == '0')
		s = span_of(s.p + 1, s.n - 1);
	return s;
}

int span_cmp_digits(struct span a, struct span b)
{
	a = without_zeros(a);
	b = without_zeros(b);
	if (a.n != b.n)
		return a.n > b.n ? 1 : -1;
	return a.n ? memcmp(a.p, b.p, a.n) : 0;
}
