/* Values of headers: whatever is said of them lies within them, and in range. The first byte
 * chooses the header. */
#include "oci/http/header.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void within(struct span part, struct span whole)
{
	if (part.p && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

static void range(struct span value)
{
	int64_t first, last, total;

	if (header_content_range(value, &first, &last, &total) &&
	    (first < 0 || last < first || (total >= 0 && last >= total)))
		abort();
}

static void retry(struct span value)
{
	int64_t seconds = header_retry_after(value, 1795161600);

	if (seconds < -1 || seconds > HEADER_RETRY_MAX)
		abort();
}

static void limit(struct span value)
{
	long number, window;

	if (header_rate_limit(value, &number, &window) && (number < 0 || window < -1))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span value;

	if (!n)
		return 0;
	value = span_of((const char *)data + 1, n - 1);
	switch (data[0]) {
	case 'L': within(header_link_next(value), value); break;
	case 'C': range(value); break;
	case 'R': retry(value); break;
	case 'Q': limit(value); break;
	case 'W': within(header_warning(value), value); break;
	case 'T': within(header_media_type(value), value); break;
	default: header_length(value);
	}
	return 0;
}
