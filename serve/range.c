#include "serve/range.h"

#include <stdbool.h>
#include <strings.h>

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
static enum range_result read_suffix(struct span digits, int64_t size, int64_t *first,
				     int64_t *last)
{
	int64_t n;

	if (!read_position(digits, &n))
		return RANGE_WHOLE;
	if (!n || !size)
		return RANGE_UNSATISFIABLE;
	*first = n < size ? size - n : 0;
	*last = size - 1;
	return RANGE_PART;
}

enum range_result range_parse(struct span field, int64_t size, int64_t *first, int64_t *last)
{
	int64_t from, to = INT64_MAX;
	struct span unit, start;

	if (!field.p || !span_cut(&field, '=', &unit) || !field.p ||
	    !span_eq_nocase(unit, "bytes") || memchr(field.p, ',', field.n))
		return RANGE_WHOLE;
	field = span_trim(field);
	if (!span_cut(&field, '-', &start) || !field.p)
		return RANGE_WHOLE;
	if (!start.n)
		return read_suffix(field, size, first, last);
	if (!read_position(start, &from) || (field.n && !read_position(field, &to)))
		return RANGE_WHOLE;
	if (from >= size || to < from)
		return RANGE_UNSATISFIABLE;
	*first = from;
	*last = to < size ? to : size - 1;
	return RANGE_PART;
}
