/* What is read is written, and read again as the same; a list stays within its ceilings. */
#include "oci/store/miss_file.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/store/miss_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_by(buf_release) struct buf one = BUF_INIT(LIMIT_MISS_FILE);
	cleanup_by(buf_release) struct buf two = BUF_INIT(LIMIT_MISS_FILE);
	struct miss_list l, again;
	struct err err;

	if (miss_file_parse(&l, "f", span_of((const char *)data, n), &err) < 0) {
		if (strncmp(err.msg, "f:", 2) != 0)
			abort();
		return 0;
	}
	miss_file_print(&l, &one);
	if (miss_file_parse(&again, "f", buf_span(&one), &err) < 0)
		abort();
	miss_file_print(&again, &two);
	if (l.n > LIMIT_MISSES || l.n != again.n || one.n != two.n ||
	    memcmp(one.p, two.p, one.n) != 0)
		abort();
	miss_list_release(&l);
	miss_list_release(&again);
	return 0;
}
