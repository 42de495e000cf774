/* How many lines a second may be written, and what the next one says of those left out. */
#include "oci/base/clock.h"
#include "serve/line_limit.h"
#include "tests/tap.h"

static const struct row {
	const char *name;
	int64_t at; /* milliseconds */
	unsigned n;
	bool may;
	unsigned long more;
} rows[] = {
	{ "the first", 5000, 1, true, 0 },
	{ "a second one in that second", 5100, 1, true, 0 },
	{ "no third", 5200, 1, false, 0 },
	{ "nor a fourth, of three things", 5999, 3, false, 0 },
	{ "in the next second, with those left out", 6000, 1, true, 4 },
	{ "these are told once", 6100, 1, true, 0 },
	{ "several things are one line", 9000, 5, true, 4 },
};

int main(void)
{
	struct line_limit limit = LINE_LIMIT_INIT(2);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		unsigned long more = 99;
		bool may = line_limit_take(&limit, r->n, r->at * (CLOCK_SEC / 1000), &more);

		CHECK_ROW(may == r->may && more == r->more, r->name);
	}
	return tap_done();
}
