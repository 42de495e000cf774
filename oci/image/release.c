#include "oci/image/release.h"

#include <ctype.h>
#include <strings.h>

/* Where a commit is abbreviated, git shows seven digits and more. */
#define HASH_MIN 7
/* A number of so many digits is a date, or counts builds. */
#define DATE_DIGITS 6

/* The words of pre-releases, earliest first. */
static const struct word {
	const char *text;
	bool needs_number; /* else it is a variant ("-dev"), or letters like any others */
	bool needs_dot;    /* in the numbers before it: "3.14.0a1", and not "7a3f9c2" */
	int stage;         /* their order */
} words[] = {
	{ .text = "dev", .stage = 0, .needs_number = true },
	{ .text = "snapshot", .stage = 1 },
	{ .text = "nightly", .stage = 2 },
	{ .text = "canary", .stage = 3 },
	{ .text = "unstable", .stage = 4 },
	{ .text = "ea", .stage = 5 },
	{ .text = "a", .stage = 6, .needs_number = true, .needs_dot = true },
	{ .text = "alpha", .stage = 6 },
	{ .text = "b", .stage = 7, .needs_number = true, .needs_dot = true },
	{ .text = "beta", .stage = 7 },
	{ .text = "m", .stage = 8 },
	{ .text = "pre", .stage = 9 },
	{ .text = "preview", .stage = 9 },
	{ .text = "rc", .stage = 10 },
	{ .text = "cr", .stage = 10 },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
	return c == '-' || c == '_' || c == '.';
}

static size_t count_digits(struct span s)
{
	size_t n = 0;

	while (n < s.n && is_digit(s.p[n]))
		n++;
	return n;
}

static size_t count_letters(struct span s)
{
	size_t n = 0;

	while (n < s.n && isalpha((unsigned char)s.p[n]))
		n++;
	return n;
}

static struct span span_behind(struct span s, size_t n)
{
	return span_of(s.p + n, s.n - n);
}

/* Whether a word that ends n bytes into s is whole: no letter or digit follows. */
static bool is_word_end(struct span s, size_t n)
{
	return n == s.n || is_separator(s.p[n]);
}

/* The length of "1.2.3" at the front of s; 0 when it begins with no digit. */
static size_t count_numbers(struct span s)
{
	size_t n = count_digits(s);

	while (n && n + 1 < s.n && s.p[n] == '.' && is_digit(s.p[n + 1]))
		n += 1 + count_digits(span_behind(s, n + 1));
	return n;
}

/* ---- pre-releases ---- */

/* "rc", "rc1", "rc.1", "rc2.1" at the front of s; gives its length, or 0. */
static size_t match_word(const struct word *w, struct span s, struct span *number)
{
	size_t n = count_letters(s), dot;

	*number = span_of(NULL, 0);
	if (!span_eq_nocase(span_of(s.p, n), w->text))
		return 0;
	dot = n < s.n && s.p[n] == '.';
	*number = span_of(s.p + n + dot, count_numbers(span_behind(s, n + dot)));
	if (number->n)
		n += dot + number->n;
	return is_word_end(s, n) && (number->n || !w->needs_number) ? n : 0;
}

static void take_pre_release(struct release *r, struct span *rest)
{
	size_t separator = rest->n && is_separator(rest->p[0]);
	struct span s = span_behind(*rest, separator), number;

	r->stage = RELEASE_FINAL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = match_word(&words[i], s, &number);

		if (!n || (words[i].needs_dot && release_count(r) < 2))
			continue;
		r->stage = words[i].stage;
		r->word = span_of(s.p, strlen(words[i].text));
		r->word_n = number;
		*rest = span_behind(s, n);
		return;
	}
}

/* ---- revisions ---- */

/* "a3f9c21", "gc6501a38c": it has digits and letters, so that no date and no word is one. */
static bool is_hash(struct span s)
{
	bool digit = false, letter = false;

	if (s.n && s.p[0] == 'g')
		s = span_behind(s, 1);
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'f'))
			return false;
		*(is_digit(s.p[i]) ? &digit : &letter) = true;
	}
	return s.n >= HASH_MIN && digit && letter;
}

/* Whether a word without its separator is a revision; *number is empty for a hash. */
static bool match_revision(struct span s, bool behind_numbers, struct span *number)
{
	size_t letters = count_letters(s);

	*number = span_of(s.p, 0);
	if (is_hash(s))
		return true;
	if (letters && !span_eq(span_of(s.p, letters), "r") &&
	    !span_eq(span_of(s.p, letters), "ls") && !span_eq(span_of(s.p, letters), "b"))
		return false;
	*number = span_behind(s, letters);
	if (!number->n || count_numbers(*number) != number->n)
		return false;
	return letters || behind_numbers || count_digits(*number) >= DATE_DIGITS;
}

/* Revisions behind the numbers, in the order in which they are written. */
static void take_revisions(struct release *r, struct span *rest)
{
	while (rest->n > 1 && (rest->p[0] == '-' || rest->p[0] == '_') &&
	       r->nrevisions < RELEASE_REVISIONS) {
		struct span s = span_behind(*rest, 1), number;
		size_t n = 0;

		while (n < s.n && s.p[n] != '-' && s.p[n] != '_')
			n++;
		if (!match_revision(span_of(s.p, n), true, &number))
			return;
		if (number.n)
			r->revision[r->nrevisions++] = number;
		*rest = span_behind(s, n);
	}
}

/* Those behind the variant. They are met last to first, and stand in the order of writing. */
static void take_last_revisions(struct release *r, struct span *rest)
{
	const int first = r->nrevisions;

	while (rest->n && r->nrevisions < RELEASE_REVISIONS) {
		size_t at = rest->n;
		struct span number;

		while (at && rest->p[at - 1] != '-' && rest->p[at - 1] != '_')
			at--;
		if (!at || !match_revision(span_behind(*rest, at), false, &number))
			return;
		if (number.n) {
			for (int i = r->nrevisions++; i > first; i--)
				r->revision[i] = r->revision[i - 1];
			r->revision[first] = number;
		}
		rest->n = at - 1;
	}
}

bool release_parse(struct release *r, struct span tag)
{
	size_t n;

	*r = (struct release){ .stage = RELEASE_FINAL };
	if (tag.n && tag.p[0] == 'v')
		tag = span_behind(tag, 1);
	n = count_numbers(tag);
	if (!n)
		return false;
	r->numbers = span_of(tag.p, n);
	tag = span_behind(tag, n);
	take_pre_release(r, &tag);
	take_revisions(r, &tag);
	take_last_revisions(r, &tag);
	r->variant = tag;
	return !tag.n || is_separator(tag.p[0]) || release_count(r) > 1;
}

/* ---- order ---- */

int release_count(const struct release *r)
{
	int n = 1;

	for (size_t i = 0; i < r->numbers.n; i++)
		n += r->numbers.p[i] == '.';
	return n;
}

struct span release_prefix(const struct release *r, int n)
{
	size_t end = 0;

	for (; end < r->numbers.n; end++)
		if (r->numbers.p[end] == '.' && !--n)
			break;
	return span_of(r->numbers.p, end);
}

/* Number by number; one that is missing is 0. */
static int compare_numbers(struct span a, struct span b)
{
	const struct span zero = span_of("0", 1);

	while (a.p || b.p) {
		struct span one = zero, other = zero;
		int c;

		if (a.p)
			span_cut(&a, '.', &one);
		if (b.p)
			span_cut(&b, '.', &other);
		c = span_cmp_digits(one, other);
		if (c)
			return c;
	}
	return 0;
}

int release_cmp(const struct release *a, const struct release *b)
{
	int c = compare_numbers(a->numbers, b->numbers);

	if (!c)
		c = a->stage - b->stage;
	return c ? c : compare_numbers(a->word_n, b->word_n);
}

int release_cmp_revision(const struct release *a, const struct release *b)
{
	for (int i = 0; i < a->nrevisions && i < b->nrevisions; i++) {
		int c = compare_numbers(a->revision[i], b->revision[i]);

		if (c)
			return c;
	}
	return a->nrevisions - b->nrevisions;
}

bool release_is_dated(const struct release *r)
{
	return count_digits(r->numbers) >= DATE_DIGITS;
}

/* ---- patterns ---- */

bool release_is_spelt(const struct release *r, struct span text)
{
	bool in_class = false;

	while (text.n) {
		size_t n = count_letters(text);

		if (n && !in_class && r->word.n == n && strncasecmp(text.p, r->word.p, n) == 0)
			return true;
		if (!n && text.p[0] == '\\')
			n = 2;
		else if (!n && text.p[0] == '[')
			in_class = true;
		else if (!n && text.p[0] == ']')
			in_class = false;
		n = n ? n : 1;
		text = span_behind(text, n < text.n ? n : text.n);
	}
	return false;
}
