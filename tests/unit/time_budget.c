#include "oci/http/time_budget.h"

#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "tests/tap.h"

static void test_rows(void)
{
	static const struct {
		const char *name;
		long seconds, rate;
		int64_t spent[3];
		size_t bytes;     /* that came before the last of them */
		const char *says; /* NULL: it is not used up */
	} rows[] = {
		{ "nothing is spent", 7200, 0, { 0 }, 0, NULL },
		{ "less than all, in parts",
		  10,
		  0,
		  { 3 * CLOCK_SEC, 6 * CLOCK_SEC },
		  1000000,
		  NULL },
		{ "all of it, in parts",
		  10,
		  0,
		  { 3 * CLOCK_SEC, 6 * CLOCK_SEC, CLOCK_SEC },
		  1000000,
		  "it took more than 10 seconds: too slow; what the mirror has of it stays" },
		{ "more than two hours",
		  7200,
		  0,
		  { 7201 * CLOCK_SEC },
		  0,
		  "it took more than 120 minutes: too slow; what the mirror has of it stays" },
		{ "bytes pay for seconds",
		  10,
		  10000,
		  { 3 * CLOCK_SEC, 6 * CLOCK_SEC, CLOCK_SEC },
		  1,
		  NULL },
		{ "for no more than were spent",
		  10,
		  10000,
		  { 3 * CLOCK_SEC, 6 * CLOCK_SEC, 10 * CLOCK_SEC },
		  1000000000,
		  "it took more than 10 seconds beyond what its bytes take at 10 kB/s: too slow; "
		  "what the mirror has of it stays" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct time_budget b;
		struct err err = ERR_INIT;

		time_budget_init(&b, "it", rows[i].seconds, rows[i].rate);
		for (size_t n = 0; n < 3; n++) {
			if (n == 2)
				time_budget_earn(&b, rows[i].bytes);
			time_budget_spend(&b, rows[i].spent[n]);
		}
		CHECK_ROW((time_budget_check(&b, &err) < 0) == (rows[i].says != NULL),
			  rows[i].name);
		if (rows[i].says)
			CHECK_TEXT(err.msg, rows[i].says, rows[i].name);
	}
}

int main(void)
{
	test_rows();
	return tap_done();
}
