/* Bad and banned digests: as annotations, and as version 0.1 kept them. */
#include <stdio.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/media_type.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "oci/store/marks.h"
#include "tests/tap.h"

#define A   "docker.io/library/alpine:3.19"
#define B   "docker.io/library/busybox:1"
#define DAY 1795132800 /* 2026-11-20T00:00:00Z */
#define H16 "aaaaaaaaaaaaaaaa"
#define AAA "sha256:" H16 H16 H16 H16

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

static struct entry *put_snapshot(struct index *x, const char *ref, char c, const char *in)
{
	struct entry *e = put(x, ref, c);

	entry_set_annotation(e, ANNOTATION_SNAPSHOT_OF, A);
	entry_set_annotation(e, ANNOTATION_SNAPSHOT_AT, "2026-11-20T00:00:00Z");
	entry_set_annotation(e, ANNOTATION_SNAPSHOT_IN, in);
	return e;
}

static bool is_bad(const struct marks *m, const char *ref, char c)
{
	struct digest d = digest_made_of(c);

	return marks_bad(m, ref, &d) != NULL;
}

static void add(struct marks *m, const char *ref, char c, enum mark_by by, const char *reason)
{
	struct digest d = digest_made_of(c);

	marks_add_bad(m, ref, &d, by, reason, "ann@host", DAY);
}

static void test_by_reference(void)
{
	cleanup_by(marks_release) struct marks m = MARKS_INIT;
	struct digest b = digest_made_of('b'), x = digest_made_of('x');
	size_t n;

	add(&m, B, 'c', MARK_ROLLBACK, NULL);
	add(&m, A, 'c', MARK_ROLLBACK, NULL);
	add(&m, A, 'b', MARK_UNDO, "why");
	CHECK(is_bad(&m, A, 'b') && is_bad(&m, A, 'c') && is_bad(&m, B, 'c'));
	CHECK(!is_bad(&m, B, 'b') && !is_bad(&m, A, 'a') && !is_bad(&m, "docker.io/x:1", 'b'));
	CHECK_TEXT(marks_of(&m, A, &n)->reason, "why", "the first of them");
	CHECK(n == 2);
	CHECK(!marks_of(&m, "docker.io/x:1", &n) && n == 0);
	CHECK(marks_clear_bad(&m, A, &x) == 0 && marks_clear_bad(&m, A, &b) == 1);
	CHECK(!is_bad(&m, A, 'b') && is_bad(&m, A, 'c'));
	add(&m, A, 'b', MARK_UNDO, NULL);
	CHECK(marks_clear_bad(&m, A, NULL) == 2);
	CHECK_ROW(marks_clear_bad(&m, A, NULL) == 0, "nothing is left to clear");
	CHECK(is_bad(&m, B, 'c'));
}

static void test_rank(void)
{
	static const struct {
		const char *name;
		enum mark_by first, then, want;
		const char *reason;
	} rows[] = {
		{ "a rollback's is not weakened", MARK_ROLLBACK, MARK_UNDO, MARK_ROLLBACK, "1" },
		{ "an undo's becomes a rollback's", MARK_UNDO, MARK_ROLLBACK, MARK_ROLLBACK, "2" },
		{ "the later rollback tells why", MARK_ROLLBACK, MARK_ROLLBACK, MARK_ROLLBACK,
		  "2" },
		{ "the later undo tells why", MARK_UNDO, MARK_UNDO, MARK_UNDO, "2" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(marks_release) struct marks m = MARKS_INIT;
		const struct mark *k;
		size_t n;

		add(&m, A, 'b', rows[i].first, "1");
		add(&m, A, 'b', rows[i].then, "2");
		k = marks_of(&m, A, &n);
		CHECK_ROW(n == 1 && k && k->by == rows[i].want, rows[i].name);
		CHECK_TEXT(k ? k->reason : NULL, rows[i].reason, rows[i].name);
	}
}

static void test_banned(void)
{
	cleanup_by(marks_release) struct marks m = MARKS_INIT;
	struct digest b = digest_made_of('b'), c = digest_made_of('c');

	marks_add_banned(&m, &c, MARK_DENY, "CVE", NULL, DAY);
	marks_add_banned(&m, &b, MARK_BLOCK, NULL, NULL, DAY);
	CHECK(marks_banned(&m, &b) && marks_banned(&m, &c) && !is_bad(&m, A, 'b'));
	CHECK_TEXT(mark_by_word(marks_banned(&m, &c)->by), "deny", "by what");
	CHECK(marks_remove_banned(&m, &b) && !marks_remove_banned(&m, &b));
	CHECK(!marks_banned(&m, &b) && marks_banned(&m, &c));
}

static void test_spelling(void)
{
	static const char want[] =
		"[{\"ref\":\"" A "\",\"digest\":\"" AAA
		"\",\"by\":\"undo\",\"reason\":\"it \\\"breaks\\\"\",\"who\":\"ann@host\","
		"\"since\":\"2026-11-20T00:00:00Z\"}]";
	cleanup_by(marks_release) struct marks m = MARKS_INIT, again = MARKS_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct digest a = digest_made_of('a');
	struct err err;

	add(&m, A, 'a', MARK_UNDO, "it \"breaks\"");
	marks_save(&m, &x);
	CHECK_TEXT(index_annotation(&x, ANNOTATION_BAD), want, "as docs/formats.md has it");
	CHECK_TEXT(index_annotation(&x, ANNOTATION_BANNED), NULL, "nothing where there is none");
	CHECK(marks_load(&again, &x, &err) == 0 && is_bad(&again, A, 'a'));
	CHECK(marks_bad(&again, A, &a)->by == MARK_UNDO);
	marks_clear_bad(&again, A, NULL);
	marks_save(&again, &x);
	CHECK_TEXT(index_annotation(&x, ANNOTATION_BAD), NULL, "the last one is gone");
}

/* Far more than version 0.1 could: each stays. */
static void test_many(void)
{
	enum { MANY = 5000 };
	cleanup_by(marks_release) struct marks m = MARKS_INIT, again = MARKS_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct digest d = digest_made_of('0');
	struct err err;
	size_t n, found = 0;

	for (int i = 0; i < MANY; i++) {
		snprintf(d.str + 67, 5, "%04x", (unsigned)i * 7919U % 65536U);
		marks_add_bad(&m, A, &d, MARK_ROLLBACK, "", "", DAY);
	}
	marks_save(&m, &x);
	CHECK(marks_load(&again, &x, &err) == 0);
	marks_of(&again, A, &n);
	CHECK(n == MANY);
	for (int i = 0; i < MANY; i++) {
		snprintf(d.str + 67, 5, "%04x", (unsigned)i * 7919U % 65536U);
		found += marks_bad(&again, A, &d) != NULL;
	}
	CHECK(found == MANY);
}

static void test_damaged(void)
{
	static const struct {
		const char *name, *text;
		bool ok;
	} rows[] = {
		{ "none", "[]", true },
		{ "only what is needed", "[{\"ref\":\"" A "\",\"digest\":\"" AAA "\"}]", true },
		{ "a maker of a later version",
		  "[{\"ref\":\"" A "\",\"digest\":\"" AAA "\",\"by\":\"scan\",\"more\":1}]", true },
		{ "no JSON", "broken", false },
		{ "cut off", "[{\"ref\":\"" A "\",\"digest\":\"" AAA "\"}", false },
		{ "no array", "{}", false },
		{ "no objects", "[1]", false },
		{ "no reference", "[{\"digest\":\"" AAA "\"}]", false },
		{ "no digest", "[{\"ref\":\"" A "\"}]", false },
		{ "another text", "[{\"ref\":\"" A "\",\"digest\":\"sha256:12\"}]", false },
		{ "more behind it", "[] []", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(marks_release) struct marks m = MARKS_INIT;
		cleanup_by(index_release) struct index x = INDEX_INIT;
		struct err err = ERR_INIT;

		index_set_annotation(&x, ANNOTATION_BAD, rows[i].text);
		CHECK_ROW((marks_load(&m, &x, &err) == 0) == rows[i].ok, rows[i].name);
		if (rows[i].ok && i > 0)
			CHECK_ROW(m.bad.n == 1 && m.bad.v[0].by == MARK_ROLLBACK, rows[i].name);
		if (!rows[i].ok)
			CHECK_ROW(err.kind == ERR_INVALID && strstr(err.msg, ANNOTATION_BAD),
				  err.msg);
	}
}

static void check_mark(const struct marks *m, char c, enum mark_by by, const char *reason,
		       const char *who)
{
	struct digest d = digest_made_of(c);
	const struct mark *k = marks_bad(m, A, &d);

	if (!CHECK_ROW(k != NULL, "it is bad"))
		return;
	CHECK_ROW(k->by == by, mark_by_word(by));
	CHECK_TEXT(k->reason, reason, "why");
	CHECK_TEXT(k->who, who, "by whom");
}

/* b and c were rolled back from, d was undone; c's snapshot is there, and b's on another tag's
 * account. */
static void test_version_01(void)
{
	cleanup_by(marks_release) struct marks m = MARKS_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT;
	cleanup_free char *held = NULL;
	struct digest c = digest_made_of('c'), d = digest_made_of('d');
	struct entry *e = put(&x, A, 'a');
	struct err err;

	held = xasprintf("{\"mode\":\"blocked\",\"digest\":\"%s\",\"also\":[\"%s\"],"
			 "\"reason\":\"why\",\"who\":\"eve@x\",\"since\":\"2026-11-01T00:00:00Z\"}",
			 c.str, d.str);
	entry_set_annotation(e, ANNOTATION_HELD, held);
	entry_set_annotation(put_snapshot(&x, A ".1", 'b', "2"), ANNOTATION_BAD, "segfaults");
	entry_set_annotation(put_snapshot(&x, A ".2", 'c', "3"), ANNOTATION_BAD, "rolled back");
	put_snapshot(&x, A ".3", 'd', "4");
	CHECK(marks_load(&m, &x, &err) == 0);
	check_mark(&m, 'b', MARK_ROLLBACK, "segfaults", "");
	check_mark(&m, 'c', MARK_ROLLBACK, "why", "eve@x");
	check_mark(&m, 'd', MARK_UNDO, "why", "eve@x");
	CHECK(m.bad.n == 3);
	marks_save(&m, &x);
	CHECK_TEXT(entry_annotation(e, ANNOTATION_HELD), NULL, "carried over");
	CHECK_TEXT(entry_annotation(index_find(&x, A ".1"), ANNOTATION_BAD), NULL, "and this");
	marks_release(&m);
	m = (struct marks)MARKS_INIT;
	CHECK(marks_load(&m, &x, &err) == 0 && m.bad.n == 3);
}

static void test_kept_back(void)
{
	cleanup_by(marks_release) struct marks m = MARKS_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct entry *e = put(&x, A, 'a');

	CHECK(!marks_kept_back(&m, &x, e));
	add(&m, A, 'b', MARK_ROLLBACK, "why");
	CHECK(!marks_kept_back(&m, &x, e));
	put_snapshot(&x, A ".2", 'b', "3");
	CHECK_ROW(marks_kept_back(&m, &x, e) != NULL, "it was moved away from that");
	/* an earlier date: the clock was set back */
	put_snapshot(&x, A ".1", 'a', "4");
	CHECK_ROW(!marks_kept_back(&m, &x, e), "a sync has moved it since");
}

int main(void)
{
	test_by_reference();
	test_rank();
	test_banned();
	test_spelling();
	test_many();
	test_damaged();
	test_version_01();
	test_kept_back();
	return tap_done();
}
