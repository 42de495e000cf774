/* What is read and written is read again as the same, and written again as the same bytes. */
#include "oci/store/index.h"

#include <assert.h>

#include "oci/base/buf.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = BUF_INIT(LIMIT_INDEX), twice = BUF_INIT(LIMIT_INDEX);
	struct index x = INDEX_INIT, again = INDEX_INIT;
	struct err err = ERR_INIT;

	if (index_parse(&x, span_of((const char *)data, size), &err) < 0) {
		assert(err.kind == ERR_INVALID && err.msg[0] && !strchr(err.msg, '\n'));
		return 0;
	}
	index_write(&x, &once);
	if (index_parse(&again, buf_span(&once), &err) < 0)
		assert(!"what was written cannot be read");
	index_write(&again, &twice);
	assert(x.n == again.n);
	assert(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
	index_release(&x);
	index_release(&again);
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
