/* Snapshots and holds, on indexes made by hand. */
#include <stdio.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/table.h"
#include "oci/image/media_type.h"
#include "oci/image/ref.h"
#include "oci/image/snapshot_suffix.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "oci/store/retag.h"
#include "tests/tap.h"

#define REF  "docker.io/library/alpine:3.19"
#define DAY  1795132800 /* 2026-11-20T00:00:00Z */
#define NEXT (DAY + 86400)

/* A digest of one repeated character: 'a' is sha256:aaaa... */
static struct digest digest_made_of(char c)
{
	struct digest d;

	memcpy(d.str, "sha256:", 7);
	memset(d.str + 7, c, 64);
	d.str[71] = '\0';
	return d;
}

static struct entry *put(struct index *x, const char *ref, char c)
{
	struct digest d = digest_made_of(c);
	struct entry *e = index_add(x, ref);

	entry_set_content(e, MEDIA_OCI_MANIFEST, &d, 100);
	return e;
}

static struct entry *put_snapshot(struct index *x, const char *ref, const char *of, char c)
{
	struct entry *e = put(x, ref, c);

	entry_set_annotation(e, ANNOTATION_SNAPSHOT_OF, of);
	entry_set_annotation(e, ANNOTATION_SNAPSHOT_BY, "sync");
	return e;
}

/* Moves e to content c and gives the snapshot's name, "" for none, the message for an error. */
static const char *move_to(struct retag *m, struct entry *e, char c)
{
	static struct err err;
	struct digest d = digest_made_of(c);
	struct entry *kept = NULL;

	if (retag_move(m, e, MEDIA_OCI_MANIFEST, &d, 100, &kept, &err) < 0)
		return err.msg;
	return kept ? kept->ref : "";
}

static void test_tags_of_references(void)
{
	static const struct {
		const char *ref, *tag;
	} rows[] = {
		{ REF, "3.19" },
		{ "registry.corp:5000/team/app:v1", "v1" },
		{ "registry.corp:5000/team/app", NULL },
		{ "quay.io/a/b@sha256:"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  NULL },
		{ "3.19", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_TEXT(ref_tag_of(rows[i].ref), rows[i].tag, rows[i].ref);
}

/* What else has a name of that day when the tag moves from a to b. */
static void test_names(void)
{
	static const struct {
		const char *name;
		const char *ref, *of; /* an entry that is there already; of NULL: no snapshot */
		char content;
		const char *want;
	} rows[] = {
		{ "nothing else", "docker.io/library/alpine:3.18", NULL, 'x', REF ".20261120" },
		{ "the name keeps other content", REF ".20261120", REF, 'x', REF ".20261120-2" },
		{ "the name keeps the same content", REF ".20261120", REF, 'a', REF ".20261120" },
		{ "-3 keeps the same content", REF ".20261120-3", REF, 'a', REF ".20261120-3" },
		{ "-3 keeps other content", REF ".20261120-3", REF, 'x', REF ".20261120" },
		{ "a tag of that name may move", REF ".20261120", NULL, 'a', REF ".20261120-2" },
		{ "another tag's snapshot", REF ".20261120", "docker.io/library/alpine:3", 'a',
		  REF ".20261120-2" },
		{ "a longer name is another name", REF ".202611201", REF, 'a', REF ".20261120" },
		{ "-02 is no counter", REF ".20261120-02", REF, 'a', REF ".20261120" },
		{ "yesterday's keeps yesterday's", REF ".20261119", REF, 'a', REF ".20261120" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(index_release) struct index x = INDEX_INIT;
		struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, RETAG_BY_SYNC, NULL };
		struct entry *e = put(&x, REF, 'a');

		if (rows[i].of)
			put_snapshot(&x, rows[i].ref, rows[i].of, rows[i].content);
		else
			put(&x, rows[i].ref, rows[i].content);
		CHECK_TEXT(move_to(&m, e, 'b'), rows[i].want, rows[i].name);
	}
}

/* Names that upstream has, though the mirror does not. */
static void test_reserved_names(void)
{
	static const struct {
		const char *name, *reserved, *want;
	} rows[] = {
		{ "the day's name", REF ".20261120", REF ".20261120-2" },
		{ "another day's", REF ".20261119", REF ".20261120" },
		{ "the second name of the day", REF ".20261120-2", REF ".20261120" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(index_release) struct index x = INDEX_INIT;
		cleanup_by(table_release) struct table reserved = TABLE_INIT;
		struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, RETAG_BY_SYNC, &reserved };
		struct entry *e = put(&x, REF, 'a');

		table_put(&reserved, rows[i].reserved, e);
		CHECK_TEXT(move_to(&m, e, 'b'), rows[i].want, rows[i].name);
	}
}

static void test_nothing_to_keep(void)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, RETAG_BY_SYNC, NULL };
	struct digest b = digest_made_of('b');
	struct entry *e;

	CHECK_TEXT(move_to(&m, index_add(&x, REF), 'a'), "", "a new tag");
	CHECK_TEXT(move_to(&m, index_find(&x, REF), 'a'), "", "the same digest");
	e = put(&x, "quay.io/a/b@sha256:x", 'a');
	CHECK_TEXT(move_to(&m, e, 'b'), "", "no tag");
	CHECK(digest_eq(&e->digest, &b));
	CHECK(x.n == 2);
}

static void test_too_long(void)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, RETAG_BY_SYNC, NULL };
	struct digest a = digest_made_of('a');
	char ref[200] = "docker.io/library/alpine:";
	struct entry *e;

	memset(ref + strlen(ref), 't', 120);
	e = put(&x, ref, 'a');
	CHECK_ROW(strstr(move_to(&m, e, 'b'), "cannot be kept as"), "120 + 9 characters");
	CHECK_ROW(digest_eq(&e->digest, &a) && x.n == 1, "the tag stays, nothing is added");

	/* the tag fits with the date, but not with a -2 */
	index_remove(&x, e);
	ref[strlen("docker.io/library/alpine:") + 119] = '\0';
	e = put(&x, ref, 'a');
	CHECK_ROW(strstr(move_to(&m, e, 'b'), ".20261120"), "119 + 9 characters");
	CHECK_ROW(strstr(move_to(&m, e, 'c'), "cannot be kept as"), "and no room for -2");
}

static void test_what_a_snapshot_says(void)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, RETAG_BY_ROLLBACK, NULL };
	struct entry *e = put(&x, REF, 'a'), *s;

	entry_set_annotation(e, ANNOTATION_SYNCED, "2026-11-01T00:00:00Z");
	entry_set_annotation(e, ANNOTATION_LIST, "base.list:1@abc");
	entry_set_annotation(e, ANNOTATION_KEEP, "10");
	entry_set_annotation(e, ANNOTATION_PLATFORM, "linux/amd64");
	entry_set_annotation(e, ANNOTATION_GONE_SINCE, "2026-11-02T00:00:00Z");
	entry_set_annotation(e, ANNOTATION_UNLISTED_SINCE, "2026-11-02T00:00:00Z");
	hold_freeze(e, "why", "me@here", DAY);
	index_set_annotation(&x, ANNOTATION_GENERATION, "7");
	move_to(&m, e, 'b');
	s = index_find(&x, REF ".20261120");
	if (!CHECK(s != NULL))
		return;
	CHECK_TEXT(entry_annotation(s, ANNOTATION_SYNCED), "2026-11-01T00:00:00Z",
		   "when it arrived");
	CHECK_TEXT(entry_annotation(s, ANNOTATION_LIST), "base.list:1@abc", "the list line");
	CHECK_TEXT(entry_annotation(s, ANNOTATION_KEEP), "10", "retention");
	CHECK_TEXT(entry_annotation(s, ANNOTATION_PLATFORM), "linux/amd64", "platforms");
	CHECK_TEXT(entry_annotation(s, ANNOTATION_SNAPSHOT_OF), REF, "what it is of");
	CHECK_TEXT(entry_annotation(s, ANNOTATION_SNAPSHOT_AT), "2026-11-20T00:00:00Z",
		   "when it was replaced");
	CHECK_TEXT(entry_annotation(s, ANNOTATION_SNAPSHOT_BY), "rollback", "by what");
	CHECK_TEXT(entry_annotation(s, ANNOTATION_SNAPSHOT_IN), "8", "in which generation");
	CHECK_TEXT(entry_annotation(s, ANNOTATION_HELD), NULL, "no hold");
	CHECK_TEXT(entry_annotation(s, ANNOTATION_GONE_SINCE), NULL, "not gone");
	CHECK_TEXT(entry_annotation(s, ANNOTATION_UNLISTED_SINCE), NULL, "not unlisted");
}

/* a -> b, back to a, a -> c on one day: the snapshot of a is told of the second time. */
static void test_replaced_again(void)
{
	static const struct {
		const char *name, *first, *then, *want;
	} rows[] = {
		{ "a sync after a rollback", "rollback", "sync", "sync" },
		{ "a rollback after a sync", "sync", "rollback", "sync" },
		{ "an undo after a sync", "sync", "undo", "undo" },
		{ "a rollback after a rollback", "rollback", "rollback", "rollback" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(index_release) struct index x = INDEX_INIT;
		struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, rows[i].first, NULL };
		struct entry *e = put(&x, REF, 'a'), *s;

		move_to(&m, e, 'b');
		s = index_find(&x, REF ".20261120");
		move_to(&m, e, 'a');
		entry_set_annotation(e, ANNOTATION_SYNCED, "2026-11-20T05:00:00Z");
		m.when = DAY + 3600 * 6;
		m.by = rows[i].then;
		CHECK_ROW(strcmp(move_to(&m, e, 'c'), s->ref) == 0 && x.n == 3, rows[i].name);
		CHECK_TEXT(entry_annotation(s, ANNOTATION_SNAPSHOT_BY), rows[i].want, "by");
		CHECK_TEXT(entry_annotation(s, ANNOTATION_SNAPSHOT_AT), "2026-11-20T06:00:00Z",
			   "at");
		CHECK_TEXT(entry_annotation(s, ANNOTATION_SYNCED), "2026-11-20T05:00:00Z",
			   "synced");
		m.when = NEXT;
		CHECK_TEXT(move_to(&m, e, 'a'), REF ".20261121", "the next day has its own name");
	}
}

static void test_platforms(void)
{
	static const struct {
		const char *name, *first, *then, *want;
	} rows[] = {
		{ "fewer", "linux/amd64,linux/arm64", "linux/amd64", "linux/amd64,linux/arm64" },
		{ "more", "linux/amd64", "linux/amd64,linux/arm64", "linux/amd64,linux/arm64" },
		{ "others", "linux/amd64", "linux/arm64", "linux/amd64,linux/arm64" },
		{ "all, then fewer", NULL, "linux/amd64", NULL },
		{ "fewer, then all", "linux/amd64", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(index_release) struct index x = INDEX_INIT;
		struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, RETAG_BY_SYNC, NULL };
		struct entry *e = put(&x, REF, 'a');

		entry_set_annotation(e, ANNOTATION_PLATFORM, rows[i].first);
		move_to(&m, e, 'b');
		move_to(&m, e, 'a');
		entry_set_annotation(e, ANNOTATION_PLATFORM, rows[i].then);
		move_to(&m, e, 'c');
		CHECK_TEXT(entry_annotation(index_find(&x, REF ".20261120"), ANNOTATION_PLATFORM),
			   rows[i].want, rows[i].name);
	}
}

static void test_last(void)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, NEXT, RETAG_BY_SYNC, NULL };
	struct entry *e = put(&x, REF, 'a');

	CHECK(retag_last(&x, REF) == NULL);
	index_set_annotation(&x, ANNOTATION_GENERATION, "1");
	CHECK(retag_generation(&x) == 2);
	move_to(&m, e, 'b');
	/* the clock was a day ahead */
	m.when = DAY;
	index_set_annotation(&x, ANNOTATION_GENERATION, "2");
	move_to(&m, e, 'c');
	CHECK_TEXT(retag_last(&x, REF)->ref, REF ".20261120", "of the latest generation");
	CHECK(retag_replaced_in(retag_last(&x, REF)) == 3);
}

static void test_holds(void)
{
	static const struct {
		const char *name, *held;
		bool frozen;
		const char *left; /* after the first writer carried it over */
	} rows[] = {
		{ "no hold", NULL, false, NULL },
		{ "not JSON", "{", true, "{" },
		{ "no object", "[]", true, "[]" },
		{ "an unknown mode", "{\"mode\":\"stuck\"}", true, "{\"mode\":\"stuck\"}" },
		{ "frozen", "{\"mode\":\"frozen\"}", true, "{\"mode\":\"frozen\"}" },
		{ "blocked", "{\"mode\":\"blocked\",\"digest\":\"x\"}", false, NULL },
		{ "blocked on nothing", "{\"mode\":\"blocked\"}", false, NULL },
		{ "frozen, with digests",
		  "{\"mode\":\"frozen\",\"digest\":\"x\",\"reason\":\"r\",\"who\":\"w\","
		  "\"since\":\"s\"}",
		  true, "{\"mode\":\"frozen\",\"reason\":\"r\",\"who\":\"w\",\"since\":\"s\"}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(index_release) struct index x = INDEX_INIT;
		struct entry *e = put(&x, REF, 'a');

		entry_set_annotation(e, ANNOTATION_HELD, rows[i].held);
		CHECK_ROW(hold_is_frozen(e) == rows[i].frozen, rows[i].name);
		hold_carry_over(e);
		CHECK_TEXT(entry_annotation(e, ANNOTATION_HELD), rows[i].left, rows[i].name);
		CHECK_ROW(hold_is_frozen(e) == rows[i].frozen, rows[i].name);
	}
}

static void test_freeze(void)
{
	cleanup_by(hold_release_words) struct hold_words words = { .reason = NULL };
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct entry *e = put(&x, REF, 'a');

	hold_freeze(e, "it \"breaks\"\n", "ann@host", DAY);
	CHECK(hold_is_frozen(e));
	hold_read_words(e, &words);
	CHECK_TEXT(words.reason, "it \"breaks\"\n", "the reason");
	CHECK_TEXT(words.who, "ann@host", "who");
	CHECK_TEXT(words.since, "2026-11-20T00:00:00Z", "since");
	hold_release(e);
	CHECK(!hold_is_frozen(e) && !entry_annotation(e, ANNOTATION_HELD));
}

int main(void)
{
	test_tags_of_references();
	test_names();
	test_reserved_names();
	test_nothing_to_keep();
	test_too_long();
	test_what_a_snapshot_says();
	test_replaced_again();
	test_holds();
	test_freeze();
	test_platforms();
	test_last();
	return tap_done();
}
