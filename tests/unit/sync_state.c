#include "oci/store/sync_state.h"

#include <limits.h>

#include "oci/store/index.h"

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

static const struct {
	const char *name;
	time_t last;
	long max_age;
	time_t now;
	int stale;
} ages[] = {
	{ "without max-age= never", 1000, -1, 2000000000, 0 },
	{ "just before it is over", 1000, 600, 1600, 0 },
	{ "past it", 1000, 600, 1601, 1 },
	{ "max-age=0: at once", 1000, 0, 1001, 1 },
	{ "never checked is new, not stale", 0, 600, 2000000000, 0 },
};

/* 1970-01-01T00:16:40Z is 1000. */
static const struct {
	const char *name;
	time_t checked;
	const char *synced;
	time_t now, last;
} lasts[] = {
	{ "the check", 1500, "1970-01-01T00:16:40Z", 2000, 1500 },
	{ "the day it came, when the check is forgotten", 0, "1970-01-01T00:16:40Z", 2000, 1000 },
	{ "or lies in the future", 3000, "1970-01-01T00:16:40Z", 2000, 1000 },
	{ "the day it came may lie there as well", 0, "1970-01-01T00:16:40Z", 700, 0 },
	{ "what says no day", 1500, NULL, 2000, 1500 },
	{ "or no real one", 1500, "yesterday", 2000, 1500 },
	{ "nothing known", 0, NULL, 2000, 0 },
};

static void test_last(void)
{
	for (size_t i = 0; i < sizeof(lasts) / sizeof(lasts[0]); i++) {
		cleanup_by(index_release) struct index x = INDEX_INIT;
		struct entry *e = index_add(&x, "a.example/b:1");

		if (lasts[i].synced)
			entry_set_annotation(e, ANNOTATION_SYNCED, lasts[i].synced);
		CHECK_ROW(sync_state_last(lasts[i].checked, e, lasts[i].now) == lasts[i].last,
			  lasts[i].name);
	}
	CHECK_ROW(sync_state_last(1500, NULL, 2000) == 1500, "what is not there");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(sync_state_due(rows[i].checked, rows[i].refresh, rows[i].now) ==
				  rows[i].due,
			  rows[i].name);
	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++)
		CHECK_ROW(sync_state_is_stale(ages[i].last, ages[i].max_age, ages[i].now) ==
				  ages[i].stale,
			  ages[i].name);
	test_last();
	return tap_done();
}
