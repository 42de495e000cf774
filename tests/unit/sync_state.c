#include "oci/store/sync_state.h"

#include <limits.h>
#include <sys/stat.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

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

static bool is_kept(const char *ref, void *arg)
{
	return !str_eq(ref, arg);
}

static void check_row(const struct sync_row *row)
{
	CHECK(row && row->checked == 1000 && row->max_age == 0 && row->gone);
	CHECK(row && str_same(row->offer, "sha256:aa") && row->offer_since == 2000 &&
	      row->offer_seen == 3000);
	CHECK(row && str_same(row->referrers, "sha256:bb") && row->referrers_at == 4000);
	CHECK(row && row->unfinished && row->held && str_same(row->upstream, "sha256:cc"));
	CHECK(row && str_same(row->referrers_as, "yes"));
	CHECK(row && row->referrers_tried == 4500 && row->referrers_failed == 2);
}

/* What is written is read again, row by row; what is on no list is left out. */
static void test_round_trip(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	cleanup_by(sync_state_release) struct sync_state s = SYNC_STATE_INIT,
							 again = SYNC_STATE_INIT;
	struct layout l = { .root = t.fd, .path = t.path };
	struct sync_row *row = sync_state_row(&s, "a.example/b:1");
	const struct sync_row *same;
	const struct sync_absence *absence;
	char dropped[] = "a.example/dropped:1";
	struct err err;

	mkdirat(t.fd, ".mirror", 0755);
	row->checked = 1000;
	row->max_age = 0;
	row->gone = row->unfinished = row->held = true;
	sync_row_set(&row->upstream, "sha256:cc");
	sync_row_set(&row->offer, "sha256:aa");
	row->offer_since = 2000;
	row->offer_seen = 3000;
	sync_row_set(&row->referrers, "sha256:bb");
	sync_row_set(&row->referrers_as, "yes");
	row->referrers_at = 4000;
	row->referrers_tried = 4500;
	row->referrers_failed = 2;
	sync_state_set_absence(&s, "https://a.example/v2/b", 5000);
	sync_state_set_absence(&s, "https://a.example/v2/c", 6000);
	sync_state_row(&s, "a.example/plain:1");
	sync_state_row(&s, "a.example/dropped:1")->checked = 1;
	CHECK(sync_state_save(&s, &l, is_kept, dropped, &err) == 0);
	CHECK(sync_state_load(&again, &l, &err) == 0);
	check_row(sync_state_find(&again, "a.example/b:1"));
	absence = table_get(&again.no_referrers, "https://a.example/v2/b");
	CHECK(again.no_referrers.n == 2 && absence && absence->since == 5000);
	same = sync_state_find(&again, "a.example/plain:1");
	CHECK(same && !same->gone && !same->unfinished && !same->held && !same->upstream);
	CHECK(same && !same->checked && same->max_age == -1 && !same->offer && !same->referrers);
	CHECK(!sync_state_find(&again, "a.example/dropped:1"));
}

static const struct {
	const char *name, *text;
	int result;
	time_t checked; /* of a:1 */
	long max_age;
} files[] = {
	{ "of version 0.1",
	  "{\"checked\":{\"a:1\":\"1970-01-01T00:16:40Z\"},\"max_age\":{\"a:1\":60}}\n", 0, 1000,
	  60 },
	{ "with members of a later version",
	  "{\"version\":3,\"more\":[1],\"references\":{\"a:1\":{\"checked\":"
	  "\"1970-01-01T00:16:40Z\",\"new\":{}}}}",
	  0, 1000, -1 },
	{ "empty", "", -1, 0, -1 },
	{ "torn", "{\"version\":2,\"references\":{\n\"a:1\":{\"checked\":\"1970", -1, 0, -1 },
	{ "of another kind", "[1]", -1, 0, -1 },
};

/* A file that cannot be read is said, counts as empty, and is kept aside by the next save. */
static void test_files(void)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
		cleanup_by(sync_state_release) struct sync_state s = SYNC_STATE_INIT;
		struct layout l = { .root = t.fd, .path = t.path };
		char none[] = "";
		struct err err;

		mkdirat(t.fd, ".mirror", 0755);
		tempdir_write(&t, ".mirror/state.json", files[i].text);
		CHECK_ROW(sync_state_load(&s, &l, &err) == files[i].result, files[i].name);
		CHECK_ROW(sync_state_at(&s, "a:1") == files[i].checked, files[i].name);
		CHECK_ROW(sync_state_max_age(&s, "a:1") == files[i].max_age, files[i].name);
		CHECK_ROW(sync_state_save(&s, &l, is_kept, none, &err) == 0, files[i].name);
		CHECK_ROW(tempdir_has(&t, ".mirror/state.json.bad") == (files[i].result < 0),
			  files[i].name);
	}
}

static bool keeps_all(const char *ref, void *arg)
{
	(void)ref;
	(void)arg;
	return true;
}

/* As many references as the lists may have lines. Version 0.1 read the file as one document, and
 * lost all of it above 70,000 references. */
static void test_many(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	cleanup_by(sync_state_release) struct sync_state s = SYNC_STATE_INIT;
	cleanup_by(sync_state_release) struct sync_state again = SYNC_STATE_INIT;
	struct layout l = { .root = t.fd, .path = t.path };
	const struct sync_row *row;
	size_t known = 0, at = 0;
	struct err err;

	mkdirat(t.fd, ".mirror", 0755);
	for (long i = 0; i < LIMIT_LIST_LINES; i++) {
		cleanup_free char *ref = xasprintf("docker.io/team/app:%ld", i);
		struct sync_row *new = sync_state_row(&s, ref);

		new->checked = 1000 + i;
		sync_row_set(&new->upstream, "sha256:"
					     "60425e6ba18a7d3013fd68bd4e9dfdd0"
					     "f8b2dd22d217cae357838f0ec603c33f");
	}
	CHECK(sync_state_save(&s, &l, keeps_all, NULL, &err) == 0);
	CHECK(sync_state_load(&again, &l, &err) == 0 && !again.unreadable);
	CHECK(again.rows.n == LIMIT_LIST_LINES);
	while ((row = table_next(&again.rows, &at)))
		known += row->upstream && row->checked == sync_state_at(&s, row->ref);
	CHECK(known == LIMIT_LIST_LINES);
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
	test_round_trip();
	test_files();
	test_many();
	return tap_done();
}
