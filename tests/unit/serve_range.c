#include "serve/range.h"
#include "tests/tap.h"

#define SIZE 2048

static const struct row {
	const char *name;
	const char *field;
	int64_t size;
	enum range_result result;
	int64_t first, last;
} rows[] = {
	/* the rows that registries' conformance tests ask for */
	{ "a range inside", "bytes=500-1499", SIZE, RANGE_PART, 500, 1499 },
	{ "an open end", "bytes=500-", SIZE, RANGE_PART, 500, 2047 },
	{ "the last bytes", "bytes=-500", SIZE, RANGE_PART, 1548, 2047 },
	{ "an end beyond the size is cut", "bytes=2000-5000", SIZE, RANGE_PART, 2000, 2047 },
	{ "backwards", "bytes=500-0", SIZE, RANGE_UNSATISFIABLE, 0, 0 },
	{ "beyond the size", "bytes=5000-10000", SIZE, RANGE_UNSATISFIABLE, 0, 0 },
	/* edges */
	{ "everything", "bytes=0-", SIZE, RANGE_PART, 0, 2047 },
	{ "the first byte", "bytes=0-0", SIZE, RANGE_PART, 0, 0 },
	{ "the last byte", "bytes=2047-2047", SIZE, RANGE_PART, 2047, 2047 },
	{ "just beyond", "bytes=2048-", SIZE, RANGE_UNSATISFIABLE, 0, 0 },
	{ "more last bytes than there are", "bytes=-5000", SIZE, RANGE_PART, 0, 2047 },
	{ "the last no bytes", "bytes=-0", SIZE, RANGE_UNSATISFIABLE, 0, 0 },
	{ "of nothing", "bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0 },
	{ "last bytes of nothing", "bytes=-5", 0, RANGE_UNSATISFIABLE, 0, 0 },
	{ "more than 63 bits", "bytes=99999999999999999999-", SIZE, RANGE_UNSATISFIABLE, 0, 0 },
	{ "an end of more than 63 bits", "bytes=1-99999999999999999999", SIZE, RANGE_PART, 1,
	  2047 },
	{ "capitals in the unit", "Bytes=1-2", SIZE, RANGE_PART, 1, 2 },
	{ "blanks around", "bytes= 1-2 ", SIZE, RANGE_PART, 1, 2 },
	/* what is answered whole */
	{ "no field", NULL, SIZE, RANGE_WHOLE, 0, 0 },
	{ "an empty field", "", SIZE, RANGE_WHOLE, 0, 0 },
	{ "another unit", "lines=1-2", SIZE, RANGE_WHOLE, 0, 0 },
	{ "no unit", "1-2", SIZE, RANGE_WHOLE, 0, 0 },
	{ "several", "bytes=0-1,4-5", SIZE, RANGE_WHOLE, 0, 0 },
	{ "no number", "bytes=a-b", SIZE, RANGE_WHOLE, 0, 0 },
	{ "no dash", "bytes=5", SIZE, RANGE_WHOLE, 0, 0 },
	{ "only a dash", "bytes=-", SIZE, RANGE_WHOLE, 0, 0 },
	{ "two dashes", "bytes=1-2-3", SIZE, RANGE_WHOLE, 0, 0 },
	{ "a sign", "bytes=+1-2", SIZE, RANGE_WHOLE, 0, 0 },
	{ "a blank inside", "bytes=1 -2", SIZE, RANGE_WHOLE, 0, 0 },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct span field = r->field ? span_str(r->field) : span_of(NULL, 0);
		int64_t first = 0, last = 0;
		enum range_result got = range_parse(field, r->size, &first, &last);

		CHECK_ROW(got == r->result && first == r->first && last == r->last, r->name);
	}
	return tap_done();
}
