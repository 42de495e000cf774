#include "oci/http/time_budget.h"

#include "oci/base/clock.h"
#include "oci/base/err.h"

void time_budget_init(struct time_budget *b, const char *what, long seconds)
{
	*b = (struct time_budget){ .what = what, .seconds = seconds };
}

void time_budget_spend(struct time_budget *b, int64_t nanoseconds)
{
	b->spent += nanoseconds;
}

int time_budget_check(const struct time_budget *b, struct err *err)
{
	bool minutes = b->seconds >= 60;

	if (b->spent < b->seconds * CLOCK_SEC)
		return 0;
	return err_set(err, ERR_NET, 0,
		       "%s took more than %ld %s: too slow; what the mirror has of it stays",
		       b->what, minutes ? b->seconds / 60 : b->seconds,
		       minutes ? "minutes" : "seconds");
}
