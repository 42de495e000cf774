/* referrer_tally: each ceiling lets all through up to it, and nothing more. */
#include "sync/referrer_tally.h"

#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "tests/tap.h"

static void test_counts(void)
{
	static const struct {
		const char *name, *words;
		int (*count)(struct referrer_tally *t, struct err *err);
		long most;
	} rows[] = {
		{ "subjects",
		  "more than 10000 manifests of one image and its referrers could be referred to; "
		  "the others are not asked about",
		  referrer_tally_subject, LIMIT_REFERRERS_SUBJECTS },
		{ "referrers", "one image has more than 5000 referrers; the others are not fetched",
		  referrer_tally_referrer, LIMIT_REFERRERS_IMAGE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct referrer_tally t = { .bytes = 0 };
		struct err err = ERR_INIT;
		long n = 0;

		while (n <= rows[i].most && rows[i].count(&t, &err) == 0)
			n++;
		CHECK_ROW(n == rows[i].most && err.kind == ERR_INVALID, rows[i].name);
		CHECK_TEXT(err.msg, rows[i].words, rows[i].name);
	}
}

static void test_bytes(void)
{
	struct referrer_tally t = { .bytes = 0 };
	const int64_t most = LIMIT_REFERRERS_BYTES;
	struct err err;

	CHECK_ROW(referrer_tally_bytes(&t, most - 1, &err) == 0, "up to the ceiling");
	CHECK_ROW(referrer_tally_bytes(&t, 2, &err) < 0 && err.kind == ERR_INVALID,
		  "a referrer that does not fit");
	CHECK_ROW(referrer_tally_bytes(&t, 1, &err) == 0, "counts nothing, and a smaller one fits");
	CHECK_ROW(referrer_tally_bytes(&t, 0, &err) == 0, "what is there already costs nothing");
	CHECK_ROW(referrer_tally_bytes(&t, INT64_MAX, &err) < 0, "no overflow");
}

int main(void)
{
	test_counts();
	test_bytes();
	return tap_done();
}
