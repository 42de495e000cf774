/* Snapshots and holds, on indexes made by hand. */
#include <stdio.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
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
		struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, RETAG_BY_SYNC };
		struct entry *e = put(&x, REF, 'a');

		if (rows[i].of)
			put_snapshot(&x, rows[i].ref, rows[i].of, rows[i].content);
		else
			put(&x, rows[i].ref, rows[i].content);
		CHECK_TEXT(move_to(&m, e, 'b'), rows[i].want, rows[i].name);
	}
}

static void test_nothing_to_keep(void)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, RETAG_BY_SYNC };
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
	struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, RETAG_BY_SYNC };
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
	struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, RETAG_BY_ROLLBACK };
	struct entry *e = put(&x, REF, 'a'), *s;

	entry_set_annotation(e, ANNOTATION_SYNCED, "2026-11-01T00:00:00Z");
	entry_set_annotation(e, ANNOTATION_LIST, "base.list:1@abc");
	entry_set_annotation(e, ANNOTATION_KEEP, "10");
	entry_set_annotation(e, ANNOTATION_PLATFORM, "linux/amd64");
	entry_set_annotation(e, ANNOTATION_GONE_SINCE, "2026-11-02T00:00:00Z");
	entry_set_annotation(e, ANNOTATION_UNLISTED_SINCE, "2026-11-02T00:00:00Z");
	hold_set(e, HOLD_FROZEN, NULL, "why", "me@here", DAY);
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
		struct retag m = { &x, SNAPSHOT_SUFFIX_DEFAULT, DAY, rows[i].first };
		struct entry *e = put(&x, REF, 'a'), *s;

		move_to(&m, e, 'b');
		s = index_find(&x, REF ".20261120");
		entry_set_annotation(s, ANNOTATION_BAD, "broken");
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
		CHECK_TEXT(entry_annotation(s, ANNOTATION_BAD), "broken", "still bad");
		m.when = NEXT;
		CHECK_TEXT(move_to(&m, e, 'a'), REF ".20261121", "the next day has its own name");
	}
}

static void test_holds(void)
{
	static const struct {
		const char *name, *held;
		enum hold_mode mode;
		char to;
		bool want;
	} rows[] = {
		{ "no hold", NULL, HOLD_NONE, 'b', false },
		{ "not JSON", "{", HOLD_FROZEN, 'b', true },
		{ "no object", "[]", HOLD_FROZEN, 'b', true },
		{ "an unknown mode", "{\"mode\":\"stuck\"}", HOLD_FROZEN, 'b', true },
		{ "frozen", "{\"mode\":\"frozen\"}", HOLD_FROZEN, 'b', true },
		{ "blocked on nothing", "{\"mode\":\"blocked\"}", HOLD_BLOCKED, 'b', false },
		{ "also is no list", "{\"mode\":\"blocked\",\"also\":7}", HOLD_BLOCKED, 'b',
		  false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(index_release) struct index x = INDEX_INIT;
		struct entry *e = put(&x, REF, 'a');
		struct digest to = digest_made_of(rows[i].to);

		entry_set_annotation(e, ANNOTATION_HELD, rows[i].held);
		CHECK_ROW(hold_mode_of(e) == rows[i].mode && hold_covers(e, &to) == rows[i].want,
			  rows[i].name);
	}
}

/* Whether each of the digests made of `blocked` holds e back, and none of `open`. */
static bool blocks(const struct entry *e, const char *blocked, const char *open)
{
	struct digest d;

	for (; *blocked; blocked++) {
		d = digest_made_of(*blocked);
		if (!hold_covers(e, &d))
			return false;
	}
	for (; *open; open++) {
		d = digest_made_of(*open);
		if (hold_covers(e, &d))
			return false;
	}
	return true;
}

static void test_blocking(void)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct entry *e = put(&x, REF, 'a');
	struct digest b = digest_made_of('b'), c = digest_made_of('c'), a = digest_made_of('a');
	struct digest list[HOLD_DIGESTS];
	char reason[40], who[5], since[40];

	hold_set(e, HOLD_BLOCKED, &b, "it \"breaks\"\n", "ann@host", DAY);
	CHECK_ROW(blocks(e, "b", "ac"), "blocked on b");
	CHECK_ROW(hold_mode_of(e) == HOLD_BLOCKED, "the mode");
	hold_describe(e, reason, sizeof(reason), who, sizeof(who), since, sizeof(since));
	CHECK_TEXT(reason, "it \"breaks\"\n", "the reason");
	CHECK_TEXT(who, "ann@", "who, cut to fit");
	CHECK_TEXT(since, "2026-11-20T00:00:00Z", "since");
	hold_set(e, HOLD_BLOCKED, &c, NULL, NULL, DAY);
	CHECK_ROW(blocks(e, "bc", "ad"), "b stays blocked");
	CHECK(hold_digests(e, list) == 2 && digest_eq(&list[0], &c) && digest_eq(&list[1], &b));
	hold_set(e, HOLD_BLOCKED, &b, NULL, NULL, DAY);
	CHECK_ROW(hold_digests(e, list) == 2 && digest_eq(&list[0], &b), "each once");
	e->digest = c;
	hold_set(e, HOLD_BLOCKED, &a, NULL, NULL, DAY);
	CHECK_ROW(blocks(e, "ab", "cd"), "what it points at now is free");
	hold_set(e, HOLD_FROZEN, NULL, NULL, NULL, DAY);
	CHECK_ROW(blocks(e, "abcd", "") && hold_digests(e, list) == 2, "frozen");
	hold_set(e, HOLD_BLOCKED, &c, NULL, NULL, DAY);
	CHECK_ROW(hold_mode_of(e) == HOLD_FROZEN, "what is frozen stays frozen");
	hold_release(e);
	CHECK_ROW(blocks(e, "", "abcd") && hold_mode_of(e) == HOLD_NONE, "released");
	hold_describe(e, reason, sizeof(reason), who, sizeof(who), since, sizeof(since));
	CHECK_TEXT(reason, "", "no words without a hold");
}

static void test_many_blocked(void)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct entry *e = put(&x, REF, 'a');
	struct digest list[HOLD_DIGESTS], d = digest_made_of('0');

	for (int i = 0; i < HOLD_DIGESTS + 5; i++) {
		snprintf(d.str + 69, 3, "%02x", i);
		hold_set(e, HOLD_BLOCKED, &d, "", "", DAY);
	}
	CHECK(hold_digests(e, list) == HOLD_DIGESTS);
	CHECK_ROW(digest_eq(&list[0], &d), "the newest is first, the oldest are forgotten");
}

int main(void)
{
	test_tags_of_references();
	test_names();
	test_nothing_to_keep();
	test_too_long();
	test_what_a_snapshot_says();
	test_replaced_again();
	test_holds();
	test_blocking();
	test_many_blocked();
	return tap_done();
}
