/* To which snapshot a tag is rolled back. */
#include <stdio.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/media_type.h"
#include "oci/store/banned.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "oci/store/marks.h"
#include "publish/snapshots.h"
#include "tests/tap.h"

#define REF  "docker.io/library/alpine:3.19"
#define MANY 6

/* A mirror without blobs: only the digests of the snapshots themselves are banned here. */
static const struct layout nothing = LAYOUT_INIT;

static struct digest digest_made_of(char c)
{
	struct digest d;

	memcpy(d.str, "sha256:", 7);
	memset(d.str + 7, c, 64);
	d.str[71] = '\0';
	return d;
}

/* A time of day 10 + n: '0' is the 10th, ':' no time at all. */
static void set_day(struct entry *e, const char *key, char n)
{
	char time[] = "2026-11-1n:00:00Z........";

	if (n == ':')
		return;
	snprintf(time, sizeof(time), "2026-11-1%cT08:00:00Z", n);
	entry_set_annotation(e, key, time);
}

/* What a tag means or meant, in up to six characters: content, day it arrived, day it was replaced,
 * who replaced it ('s'ync, 'r'ollback, 'u'ndo), '!' for bad, '#' for banned, the
 * generation that replaced it; and behind an @ the one in which it arrived. */
struct was {
	const char *stamp, *what;
};

static const char *by(char c)
{
	return c == 'r' ? "rollback" : c == 'u' ? "undo" : "sync";
}

static void put(struct index *x, struct marks *marks, const struct was *w)
{
	cleanup_free char *ref = xasprintf(REF "%s", w->stamp);
	struct digest d = digest_made_of(w->what[0]);
	const char *arrived = strchr(w->what, '@');
	struct entry *e = index_add(x, ref);

	entry_set_content(e, MEDIA_OCI_MANIFEST, &d, 100);
	set_day(e, ANNOTATION_SYNCED, w->what[1]);
	entry_set_annotation(e, ANNOTATION_SYNCED_IN, arrived ? arrived + 1 : NULL);
	if (!w->stamp[0])
		return;
	set_day(e, ANNOTATION_SNAPSHOT_AT, w->what[2]);
	entry_set_annotation(e, ANNOTATION_SNAPSHOT_OF, REF);
	entry_set_annotation(e, ANNOTATION_SNAPSHOT_BY, by(w->what[3]));
	if (w->what[4] == '!')
		marks_add_bad(marks, REF, &d, MARK_ROLLBACK, "broken", "", 0);
	if (w->what[4] == '#')
		marks_add_banned(marks, &d, MARK_BLOCK, "", "", 0);
	if (w->what[4]) {
		cleanup_free char *in =
			xasprintf("%.*s", (int)strcspn(w->what + 5, "@"), w->what + 5);

		entry_set_annotation(e, ANNOTATION_SNAPSHOT_IN, in);
	}
}

static const struct {
	const char *name;
	struct was was[MANY];
	const char *want; /* NULL: none */
} previous_rows[] = {
	{ "no snapshot", { { "", "b1" } }, NULL },
	{ "the one there is", { { "", "b1" }, { ".1", "a01s" } }, ".1" },
	{ "the newest of two", { { "", "c2" }, { ".1", "a01s" }, { ".2", "b12s" } }, ".2" },
	{ "not the bad one", { { "", "c2" }, { ".1", "a01s" }, { ".2", "b12s!" } }, ".1" },
	{ "not the same content", { { "", "b2" }, { ".1", "a01s" }, { ".2", "b12s" } }, ".1" },
	{ "not what a rollback made", { { "", "c3" }, { ".1", "a03s" }, { ".2", "b12r" } }, ".1" },
	{ "what an undo made and is older", { { "", "c3" }, { ".2", "b12u" } }, ".2" },
	{ "after a rollback, one further back",
	  { { "", "b1" }, { ".1", "a01s" }, { ".2", "b12s" }, { ".3", "c23r!" } },
	  ".1" },
	{ "what an undo moved away from is newer",
	  { { "", "b1" }, { ".2", "b12s" }, { ".3", "c23u" } },
	  NULL },
	{ "a, b, a, c: back to a",
	  { { "", "c3" }, { ".1", "a01s" }, { ".2", "b12s" }, { ".3", "a23s" } },
	  ".3" },
	{ "a, b, a, c: from that a back to b",
	  { { "", "a2" }, { ".1", "a01s" }, { ".2", "b12s" }, { ".3", "a23s" } },
	  ".2" },
	{ "undone and then replaced: what was there last",
	  { { "", "d5" }, { ".1", "a01s" }, { ".2", "b15s 5" }, { ".3", "c23u 3" } },
	  ".2" },
	{ "all in one second", { { "", "c1" }, { ".1", "a11s" }, { ".1-2", "b11s" } }, ".1-2" },
	{ "in one second, the tenth",
	  { { "", "z1" }, { ".1-9", "a11s" }, { ".1-10", "b11s" } },
	  ".1-10" },
	{ "in one second: a, b, a, c",
	  { { "", "c1" }, { ".1", "a11s 4" }, { ".1-2", "b11s 3" } },
	  ".1" },
	{ "in one second, moved back: not forward again",
	  { { "", "b1" }, { ".1", "a11s" }, { ".1-2", "b11s" }, { ".1-3", "c11u" } },
	  ".1" },
	{ "in one second, upstream went back and forth",
	  { { "", "a1" }, { ".1", "a11s" }, { ".1-2", "b11s" } },
	  ".1-2" },
	{ "not a banned one", { { "", "c2" }, { ".1", "a01s" }, { ".2", "b12s#" } }, ".1" },
	{ "a banned one alone", { { "", "b2" }, { ".1", "a01s#" } }, NULL },
	{ "a clock that was far ahead for one sync",
	  { { "", "c3@4" }, { ".9", "a09s 3" }, { ".3", "b93s 4@3" } },
	  ".3" },
	{ "a clock that was set back",
	  { { "", "c1@4" }, { ".5", "a15s 3" }, { ".1", "b51s 4@3" } },
	  ".1" },
	{ "rolled back and released: not forward again",
	  { { "", "a0" }, { ".1", "a01s 2" }, { ".2", "b12r 3@2" }, { ".3", "c23u 4@3" } },
	  NULL },
	{ "replaced again later: what came after it is no older",
	  { { "", "a0" },
	    { ".1", "a01s 2" },
	    { ".2", "b12s 3@2" },
	    { ".4", "a04s 5" },
	    { ".5", "c45u 6@5" } },
	  NULL },
	{ "arrived again: what was there in between is older",
	  { { "", "a3@4" }, { ".1", "a01s 2" }, { ".2", "b12s 4@2" } },
	  ".2" },
	{ "it does not say when it arrived", { { "", "b:" }, { ".1", "a01s" } }, ".1" },
	{ "the snapshot does not say it", { { "", "b2" }, { ".1", "a:1s" } }, ".1" },
};

static void test_previous(void)
{
	for (size_t i = 0; i < sizeof(previous_rows) / sizeof(previous_rows[0]); i++) {
		cleanup_by(index_release) struct index x = INDEX_INIT;
		cleanup_by(marks_release) struct marks marks = MARKS_INIT;
		cleanup_by(banned_release) struct banned banned = banned_init(&nothing, &marks);
		struct err err = ERR_INIT;
		struct entry *e, *got;
		long long arrived;

		for (size_t j = 0; j < MANY && previous_rows[i].was[j].stamp; j++)
			put(&x, &marks, &previous_rows[i].was[j]);
		e = index_find(&x, REF);
		got = snapshots_previous(&x, &banned, e, &arrived, &err);
		CHECK_TEXT(got ? got->ref + strlen(REF) : NULL, previous_rows[i].want,
			   previous_rows[i].name);
		if (!got)
			CHECK_ROW(err.kind == ERR_NOTFOUND, err.msg);
	}
}

static void test_named(void)
{
	static const struct was was[] = {
		{ "", "d4" },
		{ ".20261113", "a01s" },
		{ ".20261113-2", "b12s" },
		{ "-20261114", "c23s" },
		{ ".20261114", "c23s" },
		{ ".20261115", "e23s!" },
	};
	static const struct {
		const char *name, *stamp, *want; /* want with a blank: part of the message */
	} rows[] = {
		{ "a day", "20261113", ".20261113" },
		{ "with its separator", ".20261113", ".20261113" },
		{ "the second of a day", "20261113-2", ".20261113-2" },
		{ "the whole tag", "3.19.20261113-2", ".20261113-2" },
		{ "the whole reference", REF ".20261113", ".20261113" },
		{ "two separators", "20261114", "more than one snapshot: " },
		{ "one of two separators", "-20261114", "-20261114" },
		{ "a bad one, since somebody names it", "20261115", ".20261115" },
		{ "none of that name", "20261112", "there are 20261114, " },
		{ "the beginning of one", "2026111", "no snapshot \"2026111\"" },
		{ "nothing", "", "no snapshot \"\"" },
	};
	cleanup_by(index_release) struct index x = INDEX_INIT;
	cleanup_by(marks_release) struct marks marks = MARKS_INIT;
	cleanup_by(banned_release) struct banned banned = banned_init(&nothing, &marks);

	for (size_t i = 0; i < sizeof(was) / sizeof(was[0]); i++)
		put(&x, &marks, &was[i]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;
		struct entry *got =
			snapshots_named(&x, &banned, index_find(&x, REF), rows[i].stamp, &err);

		if (got)
			CHECK_TEXT(got->ref + strlen(REF), rows[i].want, rows[i].name);
		else
			CHECK_ROW(strstr(err.msg, rows[i].want) != NULL, rows[i].name);
	}
}

static void test_order(void)
{
	static const struct was was[] = {
		{ "", "d4" },       { ".1", "a01s" },    { ".2", "b12s" },
		{ ".2-2", "a22s" }, { ".2-10", "e22s" },
	};
	static const char *const want[] = { ".2-10", ".2-2", ".2", ".1" };
	cleanup_by(index_release) struct index x = INDEX_INIT;
	cleanup_by(marks_release) struct marks marks = MARKS_INIT;
	cleanup_free struct entry **v = NULL;
	size_t n;

	for (size_t i = 0; i < sizeof(was) / sizeof(was[0]); i++)
		put(&x, &marks, &was[i]);
	/* neighbours that are not its snapshots */
	index_add(&x, REF "-slim");
	entry_set_annotation(index_add(&x, REF "-slim.1"), ANNOTATION_SNAPSHOT_OF, REF "-slim");
	n = snapshots_of(&x, REF, &v);
	CHECK(n == 4);
	for (size_t i = 0; i < n && i < 4; i++)
		CHECK_TEXT(v[i]->ref + strlen(REF), want[i], "the newest first");
}

int main(void)
{
	test_previous();
	test_named();
	test_order();
	return tap_done();
}
