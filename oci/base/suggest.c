#include "oci/base/suggest.h"

#include <ctype.h>

#define MAX 40

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The number of edits between two words: Damerau-Levenshtein, where no part is edited twice, in
 * three rows of its matrix. */
static unsigned count_edits(struct span a, struct span b)
{
	unsigned rows[3][MAX + 1];

	for (size_t j = 0; j <= b.n; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned *now = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			now[j] = up[j - 1] + !same_letter(a.p[i - 1], b.p[j - 1]);
			now[j] = least_of(now[j], least_of(up[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && same_letter(a.p[i - 1], b.p[j - 2]) &&
			    same_letter(a.p[i - 2], b.p[j - 1]))
				now[j] = least_of(now[j], up2[j - 2] + 1);
		}
	}
	return rows[a.n % 3][b.n];
}

/* The number of edits that a word may have. */
static unsigned allowed_edits(struct span word)
{
	return word.n > 5 ? 2 : word.n > 2 ? 1 : 0;
}

/* Whether two words are exactly that many edits apart. */
static bool is_edits_apart(struct span word, struct span known, unsigned edits)
{
	size_t longer = word.n > known.n ? word.n - known.n : known.n - word.n;

	return known.n <= MAX && longer <= edits && count_edits(word, known) == edits;
}

size_t suggest_words(struct span word, const char *const *known, size_t n, const char **out,
		     size_t max)
{
	size_t found = 0;

	if (word.n > MAX)
		return 0;
	for (unsigned edits = 0; edits <= allowed_edits(word); edits++)
		for (size_t i = 0; i < n && found < max; i++)
			if (is_edits_apart(word, span_str(known[i]), edits))
				out[found++] = known[i];
	return found;
}

const char *suggest_word(struct span word, const char *const *known)
{
	const char *best;
	size_t n = 0;

	while (known[n])
		n++;
	return suggest_words(word, known, n, &best, 1) ? best : NULL;
}
