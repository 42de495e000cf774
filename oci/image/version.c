#include "oci/image/version.h"

#include <ctype.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"

/* Dates with seconds have 14 digits; what is longer is a hash or a build number of another kind. */
#define DIGITS_MAX 18

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void advance(struct span *s, size_t n)
{
	*s = span_of(s->p + n, s->n - n);
}

static bool take_number(struct span *s, uint64_t *out)
{
	size_t n = 0;

	while (n < s->n && is_digit(s->p[n]))
		n++;
	if (!n || n > DIGITS_MAX)
		return false;
	*out = (uint64_t)span_number(span_of(s->p, n), INT64_MAX);
	advance(s, n);
	return true;
}

/* identifier *("." identifier), each of letters, digits, "-" (semver.org, 9) and "_" (which tags
 * use). */
static bool valid_pre(struct span pre)
{
	struct span id;

	while (span_cut(&pre, '.', &id)) {
		if (!id.n)
			return false;
		for (size_t i = 0; i < id.n; i++)
			if (!isalnum((unsigned char)id.p[i]) && id.p[i] != '-' && id.p[i] != '_')
				return false;
	}
	return true;
}

/* "-rc.1+build": the rest of a version, all of it. */
static bool take_suffix(struct span s, struct span *pre)
{
	const char *plus = memchr(s.p, '+', s.n);

	*pre = span_of(NULL, 0);
	if (plus) {
		if (!valid_pre(span_of(plus + 1, (size_t)(s.p + s.n - plus - 1))))
			return false;
		s.n = (size_t)(plus - s.p);
	}
	if (!s.n)
		return true;
	if (s.p[0] != '-' && s.p[0] != '_')
		return false;
	advance(&s, 1);
	*pre = s;
	return valid_pre(s);
}

bool version_parse(struct version *v, struct span tag)
{
	*v = (struct version){ .given = 0 };
	if (tag.n && tag.p[0] == 'v')
		advance(&tag, 1);
	do {
		if (!take_number(&tag, &v->n[v->given++]))
			return false;
		if (!tag.n || tag.p[0] != '.' || v->given == VERSION_NUMBERS)
			break;
		advance(&tag, 1);
	} while (true);
	return take_suffix(tag, &v->pre);
}

static bool all_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

static int compare_text(struct span a, struct span b)
{
	int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* semver.org, 11.4.1 to 11.4.3. */
static int compare_identifier(struct span a, struct span b)
{
	bool na = all_digits(a), nb = all_digits(b);

	if (na && nb)
		return span_cmp_digits(a, b);
	if (na != nb)
		return na ? -1 : 1;
	return compare_text(a, b);
}

static int compare_pre(struct span a, struct span b)
{
	struct span ia, ib;

	if (!a.p || !b.p)
		return !a.p - !b.p; /* 11.3: with one comes before without */
	while (true) {
		bool more_a = span_cut(&a, '.', &ia), more_b = span_cut(&b, '.', &ib);
		int c;

		if (!more_a || !more_b)
			return more_a - more_b; /* 11.4.4: more identifiers win */
		c = compare_identifier(ia, ib);
		if (c)
			return c;
	}
}

int version_cmp(const struct version *a, const struct version *b)
{
	for (int i = 0; i < VERSION_NUMBERS; i++)
		if (a->n[i] != b->n[i])
			return a->n[i] < b->n[i] ? -1 : 1;
	return compare_pre(a->pre, b->pre);
}

/* From `low` to below `high`: what every comparator comes down to. */
struct interval {
	struct version low, high;
	bool open_low;    /* low itself is outside */
	bool closed_high; /* high itself is inside */
	bool names_pre;
	bool last; /* of its comparators: what follows is behind "||" */
};

struct version_range {
	char *text; /* owned: suffixes point into it */
	struct interval *v;
	size_t n, cap;
};

static const struct version unbounded = { .n = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } };

/* The first of all that begin with the numbers of v up to `place`, counted up there: 1.4.2 at 1
 * gives 1.5.0-0, which is below 1.5.0 and all its pre-releases. */
static struct version next_at(const struct version *v, int place)
{
	struct version next = { .given = 3, .pre = { .p = "0", .n = 1 } };

	if (place < 0)
		return unbounded;
	for (int i = 0; i < place; i++)
		next.n[i] = v->n[i];
	next.n[place] = v->n[place] + 1;
	return next;
}

static struct version before(const struct version *v)
{
	struct version first = *v;

	if (!v->pre.p)
		first.pre = span_of("0", 1);
	return first;
}

/* "^" keeps the first number that is not 0. */
static int caret_place(const struct version *v)
{
	for (int i = 0; i < v->given; i++)
		if (v->n[i])
			return i;
	return v->given - 1;
}

static struct interval at_least(const struct version *v, struct version high)
{
	return (struct interval){ .low = *v, .high = high };
}

static struct interval exactly(const struct version *v, bool whole)
{
	struct interval in = at_least(v, next_at(v, v->given - 1));

	if (whole) {
		in.high = *v;
		in.closed_high = true;
	}
	return in;
}

static struct interval above(const struct version *v, bool whole)
{
	struct interval in = at_least(v, unbounded);

	if (whole) {
		in.open_low = true;
	} else {
		in.low = next_at(v, v->given - 1);
		in.low.pre = span_of(NULL, 0);
	}
	return in;
}

static struct interval up_to(const struct version *v, bool whole)
{
	const struct version zero = { .pre = { .p = "0", .n = 1 } };
	struct interval in = exactly(v, whole);

	in.low = zero;
	return in;
}

static struct interval below(const struct version *v)
{
	const struct version zero = { .pre = { .p = "0", .n = 1 } };

	return at_least(&zero, before(v));
}

enum operator{ EQUAL, LESS, UP_TO, MORE, AT_LEAST, TILDE, CARET };

static struct interval interval_of(enum operator op, const struct version *v)
{
	/* at least three numbers, or a suffix: one version and not a family */
	bool whole = v->given >= 3 || v->pre.p;

	switch (op) {
	case LESS: return below(v);
	case UP_TO: return up_to(v, whole);
	case MORE: return above(v, whole);
	case AT_LEAST: return at_least(v, unbounded);
	case TILDE: return at_least(v, next_at(v, v->given > 1 ? 1 : v->given - 1));
	case CARET: return at_least(v, next_at(v, caret_place(v)));
	case EQUAL: break;
	}
	return exactly(v, whole);
}

/* "1.x" is "1", "*" is no number at all: cuts the wildcards off the end. A suffix may end in ".x"
 * too. */
static struct span without_wildcards(struct span s)
{
	if (memchr(s.p, '-', s.n) || memchr(s.p, '_', s.n) || memchr(s.p, '+', s.n))
		return s;
	while (s.n && memchr("xX*", s.p[s.n - 1], 3) && (s.n == 1 || s.p[s.n - 2] == '.'))
		s.n -= s.n == 1 ? 1 : 2;
	return s;
}

static bool parse_partial(struct version *v, struct span word)
{
	struct span numbers = without_wildcards(word);

	*v = (struct version){ .given = 0 };
	return numbers.n == 0 || version_parse(v, numbers);
}

static enum operator take_operator(struct span *s)
{
	static const struct {
		const char *text;
		enum operator op;
	} known[] = {
		{ "<=", UP_TO }, { ">=", AT_LEAST }, { "<", LESS },  { ">", MORE },
		{ "=", EQUAL },  { "~", TILDE },     { "^", CARET },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_starts(*s, known[i].text)) {
			advance(s, strlen(known[i].text));
			return known[i].op;
		}
	return EQUAL;
}

static void skip_blanks(struct span *s)
{
	while (s->n && (s->p[0] == ' ' || s->p[0] == '\t'))
		advance(s, 1);
}

static struct span take_word(struct span *s)
{
	size_t n = 0;

	while (n < s->n && !memchr(" \t|<>=~^", s->p[n], 8))
		n++;
	advance(s, n);
	return span_of(s->p - n, n);
}

static int take_comparator(struct version_range *r, struct span *s, struct err *err)
{
	enum operator op = take_operator(s);
	struct version v;
	struct span word;

	skip_blanks(s);
	word = take_word(s);
	if (!word.n)
		return err_set(err, ERR_USAGE, 0, "a version is missing");
	if (!parse_partial(&v, word)) {
		*s = span_of(word.p, 0); /* what is wrong starts here */
		if (span_eq(word, "-"))
			return err_set(err, ERR_USAGE, 0, "a range is written \">=1.2 <=2.3\"");
		return err_set(err, ERR_USAGE, 0, "\"%.*s\" is not a version", SPAN_ARG(word));
	}
	r->v = xgrow(r->v, r->n, &r->cap, sizeof(*r->v));
	r->v[r->n] = interval_of(op, &v);
	r->v[r->n++].names_pre = v.pre.p;
	return 0;
}

static int parse_range(struct version_range *r, struct span *s, struct err *err)
{
	do {
		skip_blanks(s);
		if (take_comparator(r, s, err) < 0)
			return -1;
		skip_blanks(s);
		if (s->n && s->p[0] == '|') {
			if (!span_starts(*s, "||"))
				return err_set(err, ERR_USAGE, 0, "\"or\" is written \"||\"");
			advance(s, 2);
			r->v[r->n - 1].last = true;
			if (!s->n)
				return err_set(err, ERR_USAGE, 0, "a version is missing");
		}
	} while (s->n);
	r->v[r->n - 1].last = true;
	return 0;
}

struct version_range *version_range_new(struct span text, size_t *at, struct err *err)
{
	struct version_range *r = xcalloc(1, sizeof(*r));
	struct span rest;

	r->text = xmalloc(text.n);
	memcpy(r->text, text.p, text.n); /* a NUL in it is as wrong as any other character */
	rest = span_of(r->text, text.n);
	if (parse_range(r, &rest, err) < 0) {
		if (at)
			*at = (size_t)(rest.p - r->text);
		version_range_free(r);
		return NULL;
	}
	return r;
}

void version_range_free(struct version_range *r)
{
	if (!r)
		return;
	free(r->text);
	free(r->v);
	free(r);
}

static bool inside(const struct interval *in, const struct version *v)
{
	int low = version_cmp(v, &in->low), high = version_cmp(v, &in->high);

	return (in->open_low ? low > 0 : low >= 0) && (in->closed_high ? high <= 0 : high < 0);
}

bool version_in_range(const struct version_range *r, const struct version *v)
{
	bool all = true, names_pre = false;

	for (size_t i = 0; i < r->n; i++) {
		all = all && inside(&r->v[i], v);
		names_pre = names_pre || r->v[i].names_pre;
		if (!r->v[i].last)
			continue;
		if (all && (!v->pre.p || names_pre))
			return true;
		all = true;
		names_pre = false;
	}
	return false;
}

bool version_range_names_pre(const struct version_range *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].names_pre)
			return true;
	return false;
}
