#include "sync/checked.h"

#include <limits.h>

#include "tests/tap.h"

static const struct {
	const char *name;
	time_t checked;
	long refresh;
	time_t now;
	int due;
} rows[] = {
	{ "without refresh= always", 1000, -1, 1001, 1 },
	{ "refresh=0 always", 1000, 0, 1000, 1 },
	{ "before the time", 1000, 600, 1599, 0 },
	{ "at the time", 1000, 600, 1600, 1 },
	{ "never means never", 1000, LONG_MAX, 2000000000, 0 },
	{ "never checked is due", 0, LONG_MAX, 1000, 1 },
	{ "checked in the future: a clock was wrong", 2000, 600, 1000, 1 },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(checked_due(rows[i].checked, rows[i].refresh, rows[i].now) == rows[i].due,
			  rows[i].name);
	return tap_done();
}
