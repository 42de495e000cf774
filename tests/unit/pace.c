/* pace: windows of ten seconds, in each of which 100 bytes a second must come. */
#include "oci/http/pace.h"

#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "tests/tap.h"

static void test_windows(void)
{
	static const struct {
		const char *name;
		size_t bytes;
		int64_t passed; /* milliseconds */
		bool ends_slow;
		unsigned slow;
	} rows[] = {
		{ "a window that has not ended says nothing", 0, 9999, false, 0 },
		{ "nothing came in it", 0, 1, true, 1 },
		{ "nor in the next", 0, 10000, true, 2 },
		{ "one byte less than the least", 999, 10000, true, 3 },
		{ "the least: the count begins anew", 1000, 10000, false, 0 },
		{ "the surplus of a window", 50000, 10000, false, 0 },
		{ "does not count in the next", 0, 10000, true, 1 },
		{ "a long wait is one window", 10, 60000, true, 2 },
		{ "bytes of one transfer", 400, 5000, false, 2 },
		{ "and of the one that resumes it are of one window", 600, 5000, false, 0 },
	};
	struct pace p;

	pace_init(&p, 100, 10);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool slow;

		pace_add(&p, rows[i].bytes);
		slow = pace_pass(&p, rows[i].passed * CLOCK_MS);
		CHECK_ROW(slow == rows[i].ends_slow && p.slow == rows[i].slow, rows[i].name);
	}
}

static void test_words(void)
{
	struct pace p;
	struct err err;

	pace_init(&p, 10000, 300);
	CHECK(pace_error(&p, &err) == -1 && err.kind == ERR_NET);
	CHECK_TEXT(err.msg, "less than 10 kB/s came for 300 s", "what a slow window is called");
}

int main(void)
{
	test_windows();
	test_words();
	return tap_done();
}
