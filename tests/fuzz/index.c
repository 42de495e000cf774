/* What is read and written is read again as the same, and written again as the same bytes; and
 * entries that are read quickly are what they are with a blank in them, as documents. */
#include "oci/store/index.h"

#include <assert.h>

#include "oci/base/buf.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same document: no string has a line's end in it. */
static void add_blanks(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		buf_addc(out, text.p[i]);
		if (i && text.p[i - 1] == '\n' && text.p[i] == '{')
			buf_addc(out, ' ');
	}
}

static void check_quick(struct span text, const struct buf *want)
{
	struct buf spaced = BUF_INIT(LIMIT_INDEX), got = BUF_INIT(LIMIT_INDEX);
	struct index x = INDEX_INIT;
	struct err err = ERR_INIT;

	add_blanks(&spaced, text);
	if (index_parse(&x, buf_span(&spaced), &err) < 0)
		assert(!"read quickly, but no document");
	index_write(&x, &got);
	assert(got.n == want->n && memcmp(got.p, want->p, got.n) == 0);
	index_release(&x);
	buf_release(&spaced);
	buf_release(&got);
}

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
	check_quick(span_of((const char *)data, size), &once);
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
