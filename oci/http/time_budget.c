#include "oci/http/time_budget.h"

#include <stdio.h>

#include "oci/base/clock.h"
#include "oci/base/err.h"

void time_budget_init(struct time_budget *b, const char *what, long seconds, long rate)
{
	*b = (struct time_budget){ .what = what, .seconds = seconds, .rate = rate };
}

void time_budget_spend(struct time_budget *b, int64_t nanoseconds)
{
	b->spent += nanoseconds;
}

void time_budget_earn(struct time_budget *b, size_t n)
{
	int64_t paid = b->rate ? (int64_t)n * (CLOCK_SEC / b->rate) : 0;

	b->spent -= paid < b->spent ? paid : b->spent;
}

int time_budget_check(const struct time_budget *b, struct err *err)
{
	bool minutes = b->seconds >= 60;
	char paid[64] = "";

	if (b->spent < b->seconds * CLOCK_SEC)
		return 0;
	if (b->rate)
		snprintf(paid, sizeof(paid), " beyond what its bytes take at %ld kB/s",
			 b->rate / 1000);
	return err_set(err, ERR_NET, 0,
		       "%s took more than %ld %s%s: too slow; what the mirror has of it stays",
		       b->what, minutes ? b->seconds / 60 : b->seconds,
		       minutes ? "minutes" : "seconds", paid);
}
