/* A range that is answered lies inside the content. */
#include "serve/range.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int64_t size, first, last;
	struct span field;

	if (n < 2)
		return 0;
	/* small sizes and very large ones */
	size = data[0] & 1 ? INT64_MAX >> (data[0] >> 2) : data[0];
	field = span_of((const char *)data + 1, n - 1);
	if (range_parse(field, size, &first, &last) == RANGE_PART &&
	    (first < 0 || first > last || last >= size))
		abort();
	return 0;
}
