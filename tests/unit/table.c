#include "oci/base/table.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "tests/tap.h"

enum { COUNT = 5000 };

static char keys[COUNT][16];

static int all_there(const struct table *t, int from, int step)
{
	for (int i = from; i < COUNT; i += step)
		if (table_get(t, keys[i]) != keys[i])
			return 0;
	return 1;
}

static int none_there(const struct table *t, int from, int step)
{
	for (int i = from; i < COUNT; i += step)
		if (table_get(t, keys[i]))
			return 0;
	return 1;
}

static size_t walked(const struct table *t)
{
	size_t at = 0, n = 0;

	while (table_next(t, &at))
		n++;
	return n;
}

static int freed;

static void count_freed(void *value)
{
	freed += *(char *)value;
	free(value);
}

static void test_clear(void)
{
	struct table t = TABLE_INIT;

	table_clear(&t, count_freed);
	CHECK_ROW(freed == 0, "an empty table has no value to free");
	for (int i = 0; i < 100; i++) {
		char *value = xmalloc(1);

		*value = 1;
		table_put(&t, keys[i], value);
	}
	table_clear(&t, count_freed);
	CHECK_ROW(freed == 100, "each value is freed, once");
	CHECK_ROW(t.n == 0 && !table_get(&t, keys[0]), "and the table is empty");
	table_put(&t, keys[0], keys[0]);
	CHECK_ROW(table_get(&t, keys[0]) == keys[0], "and can be used again");
	table_release(&t);
}

int main(void)
{
	struct table t = TABLE_INIT;
	char other[16] = "key-7";

	CHECK_ROW(!table_get(&t, "x"), "an empty table finds nothing");
	CHECK_ROW(!table_remove(&t, "x"), "and removes nothing");
	for (int i = 0; i < COUNT; i++) {
		snprintf(keys[i], sizeof(keys[i]), "key-%d", i);
		table_put(&t, keys[i], keys[i]);
	}
	CHECK_ROW(t.n == COUNT && all_there(&t, 0, 1), "everything added is found");
	CHECK_ROW(table_put(&t, other, other) == keys[7],
		  "a key that is there gives its old value");
	CHECK_ROW(t.n == COUNT && table_get(&t, "key-7") == other, "and is replaced, not added");
	table_put(&t, keys[7], keys[7]);
	for (int i = 0; i < COUNT; i += 3)
		if (table_remove(&t, keys[i]) != keys[i])
			CHECK_ROW(0, "removal gives the value");
	CHECK_ROW(none_there(&t, 0, 3), "what was removed is gone");
	CHECK_ROW(all_there(&t, 1, 3) && all_there(&t, 2, 3),
		  "what was not removed is still found");
	CHECK_ROW(walked(&t) == t.n, "a walk meets each once");
	table_release(&t);
	test_clear();
	return tap_done();
}
