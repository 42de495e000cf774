#include "serve/range.h"

#include <stdbool.h>
#include <strings.h>

/* What one range-spec asks for. */
enum spec {
	SPEC_INVALID,
	SPEC_BACKWARDS, /* last-pos before first-pos */
	SPEC_BEYOND,    /* no byte of the content */
	SPEC_BYTES,
};

/* A position: all digits; one beyond 63 bits is beyond every blob as well. */
static bool read_position(struct span s, int64_t *to)
{
	int64_t n = 0;

	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int d = s.p[i] - '0';

		if (d < 0 || d > 9)
			return false;
		n = n > (INT64_MAX - d) / 10 ? INT64_MAX : n * 10 + d;
	}
	*to = n;
	return true;
}

/* "-" suffix-length: the last bytes; more than there are is all of them. */
static enum spec read_suffix(struct span digits, int64_t size, struct range *r)
{
	int64_t n;

	if (!read_position(digits, &n))
		return SPEC_INVALID;
	if (!n || !size)
		return SPEC_BEYOND;
	r->first = n < size ? size - n : 0;
	r->last = size - 1;
	return SPEC_BYTES;
}

static enum spec read_spec(struct span text, int64_t size, struct range *r)
{
	int64_t from, to = INT64_MAX;
	struct span start;

	if (!span_cut(&text, '-', &start) || !text.p)
		return SPEC_INVALID;
	if (!start.n)
		return read_suffix(text, size, r);
	if (!read_position(start, &from) || (text.n && !read_position(text, &to)))
		return SPEC_INVALID;
	if (to < from)
		return SPEC_BACKWARDS;
	if (from >= size)
		return SPEC_BEYOND;
	r->first = from;
	r->last = to < size ? to : size - 1;
	return SPEC_BYTES;
}

static enum range_result read_single(struct range_set *set, struct span text, int64_t size)
{
	switch (read_spec(text, size, &set->v[0])) {
	case SPEC_INVALID: return RANGE_WHOLE;
	case SPEC_BACKWARDS:
	case SPEC_BEYOND: return RANGE_UNSATISFIABLE;
	case SPEC_BYTES: break;
	}
	set->n = 1;
	return RANGE_PART;
}

/* The next element of the list that is not empty (RFC 9110, 5.6.1.2: empty ones are ignored);
 * false after the last. */
static bool next_spec(struct span *list, struct span *text)
{
	while (list->p && span_cut(list, ',', text)) {
		*text = span_trim(*text);
		if (text->n)
			return true;
	}
	return false;
}

/* Adds one of several. False when the field is to be ignored. */
static bool add_spec(struct range_set *set, struct span text, int64_t size, int64_t *left)
{
	struct range r;

	switch (read_spec(text, size, &r)) {
	case SPEC_INVALID:
	case SPEC_BACKWARDS: return false;
	case SPEC_BEYOND: return true;
	case SPEC_BYTES: break;
	}
	if (range_length(&r) > *left)
		return false;
	*left -= range_length(&r);
	set->v[set->n++] = r;
	return true;
}

enum range_result range_parse(struct range_set *set, struct span field, int64_t size)
{
	struct span unit, first, text;
	int64_t left = size;
	size_t asked = 1;

	set->n = 0;
	if (!field.p || !span_cut(&field, '=', &unit) || !field.p ||
	    !span_eq_nocase(unit, "bytes") || !next_spec(&field, &first))
		return RANGE_WHOLE;
	if (!next_spec(&field, &text))
		return read_single(set, first, size);
	if (!add_spec(set, first, size, &left))
		return RANGE_WHOLE;
	do {
		if (++asked > LIMIT_RANGES || !add_spec(set, text, size, &left))
			return RANGE_WHOLE;
	} while (next_spec(&field, &text));
	return set->n ? RANGE_PARTS : RANGE_UNSATISFIABLE;
}
