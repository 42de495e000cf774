/* Ranges that are answered lie inside the content, are together no longer than it, and make a body
 * of the length that its head says. */
#include "serve/range.h"

#include <stdlib.h>

#include "serve/multipart.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_inside(const struct range_set *set, int64_t size)
{
	int64_t left = size;

	for (size_t i = 0; i < set->n; i++) {
		const struct range *r = &set->v[i];

		if (r->first < 0 || r->first > r->last || r->last >= size || range_length(r) > left)
			abort();
		left -= range_length(r);
	}
}

static void check_length(const struct range_set *set, int64_t size)
{
	struct multipart *m = multipart_new(set, DIGEST, "application/octet-stream", size);
	int64_t length = multipart_length(m);
	char head[MULTIPART_HEAD];
	struct range r;
	bool more;
	size_t n;

	do {
		more = multipart_head(m, head, &n, &r);
		length -= (int64_t)n + (more ? range_length(&r) : 0);
	} while (more);
	if (length || multipart_left(m))
		abort();
	multipart_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct range_set set;
	struct span field;
	int64_t size;

	if (n < 2)
		return 0;
	/* small sizes and very large ones, up to that of the largest blob */
	size = data[0] & 1 ? (int64_t)LIMIT_BLOB >> (data[0] >> 2) : data[0];
	field = span_of((const char *)data + 1, n - 1);
	switch (range_parse(&set, field, size)) {
	case RANGE_WHOLE: break;
	case RANGE_UNSATISFIABLE:
		if (set.n)
			abort();
		break;
	case RANGE_PART:
		if (set.n != 1)
			abort();
		check_inside(&set, size);
		break;
	case RANGE_PARTS:
		if (!set.n)
			abort();
		check_inside(&set, size);
		check_length(&set, size);
		break;
	}
	return 0;
}
