#include "serve/range.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
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
	{ "no number", "bytes=a-b", SIZE, RANGE_WHOLE, 0, 0 },
	{ "no dash", "bytes=5", SIZE, RANGE_WHOLE, 0, 0 },
	{ "only a dash", "bytes=-", SIZE, RANGE_WHOLE, 0, 0 },
	{ "two dashes", "bytes=1-2-3", SIZE, RANGE_WHOLE, 0, 0 },
	{ "a sign", "bytes=+1-2", SIZE, RANGE_WHOLE, 0, 0 },
	{ "a blank inside", "bytes=1 -2", SIZE, RANGE_WHOLE, 0, 0 },
};

/* Several ranges: what is answered, as text. */
static const struct several_row {
	const char *name;
	const char *field;
	const char *want; /* positions of the parts, or "whole", or "416" */
} several_rows[] = {
	{ "two", "bytes=0-1,4-5", "0-1,4-5" },
	{ "in the order asked", "bytes=1000-1001,0-1,500-501", "1000-1001,0-1,500-501" },
	{ "neighbours stay two", "bytes=0-9,10-19", "0-9,10-19" },
	{ "the same twice", "bytes=5-6,5-6", "5-6,5-6" },
	{ "overlapping", "bytes=0-9,5-14", "0-9,5-14" },
	{ "open and last", "bytes=2040-,-5", "2040-2047,2043-2047" },
	{ "an end beyond the size is cut", "bytes=0-0,2000-5000", "0-0,2000-2047" },
	{ "blanks and empty elements", "bytes= 0-1 ,,\t4-5 , ", "0-1,4-5" },
	{ "one and an empty element are one", "bytes=0-1,", "0-1" },
	{ "one that is beyond the size has no part", "bytes=0-1,5000-,4-5", "0-1,4-5" },
	{ "the last that is satisfiable is a part", "bytes=5000-,4-5", "4-5 of several" },
	{ "all beyond the size", "bytes=2048-,5000-6000", "416" },
	{ "the last no bytes, twice", "bytes=-0,-0", "416" },
	{ "all bytes in two parts", "bytes=0-1023,1024-", "0-1023,1024-2047" },
	{ "one byte more than there are", "bytes=0-1024,1024-", "whole" },
	{ "everything twice", "bytes=0-,0-", "whole" },
	{ "one of them is no range", "bytes=0-1,x", "whole" },
	{ "the first is no range", "bytes=x,0-1", "whole" },
	{ "one of them is backwards", "bytes=0-1,9-5", "whole" },
	{ "nothing but commas", "bytes=,,,", "whole" },
	{ "another unit", "lines=0-1,4-5", "whole" },
};

static void set_text(struct buf *b, enum range_result result, const struct range_set *set)
{
	switch (result) {
	case RANGE_WHOLE: buf_adds(b, "whole"); return;
	case RANGE_UNSATISFIABLE: buf_adds(b, "416"); return;
	case RANGE_PART:
	case RANGE_PARTS: break;
	}
	for (size_t i = 0; i < set->n; i++)
		buf_addf(b, "%s%lld-%lld", i ? "," : "", (long long)set->v[i].first,
			 (long long)set->v[i].last);
	if (set->n == 1 && result == RANGE_PARTS)
		buf_adds(b, " of several");
}

/* LIMIT_RANGES are answered, one more is not. */
static void check_ceiling(void)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(MIB);
	struct range_set set;

	buf_adds(&b, "bytes=0-0");
	for (size_t i = 1; i < LIMIT_RANGES; i++)
		buf_addf(&b, ",%zu-%zu", i, i);
	CHECK_ROW(range_parse(&set, buf_span(&b), SIZE) == RANGE_PARTS && set.n == LIMIT_RANGES,
		  "as many as there may be");
	buf_adds(&b, ",9999-");
	CHECK_ROW(range_parse(&set, buf_span(&b), SIZE) == RANGE_WHOLE,
		  "one more, though it has no part");
}

static void check_several(void)
{
	for (size_t i = 0; i < sizeof(several_rows) / sizeof(several_rows[0]); i++) {
		const struct several_row *r = &several_rows[i];
		cleanup_by(buf_release) struct buf b = BUF_INIT(MIB);
		struct range_set set;

		set_text(&b, range_parse(&set, span_str(r->field), SIZE), &set);
		buf_addc(&b, '\0');
		CHECK_TEXT(b.p, r->want, r->name);
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct span field = r->field ? span_str(r->field) : span_of(NULL, 0);
		struct range_set set = { .v = { { 0, 0 } } };
		enum range_result got = range_parse(&set, field, r->size);

		CHECK_ROW(got == r->result && set.n == (got == RANGE_PART) &&
				  set.v[0].first == r->first && set.v[0].last == r->last,
			  r->name);
	}
	check_several();
	check_ceiling();
	return tap_done();
}
