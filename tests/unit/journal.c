#include "oci/store/journal.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/store/layout.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define PATH ".mirror/journal.jsonl"

static struct layout open_new(const struct tempdir *t)
{
	struct layout l;
	struct err err = ERR_INIT;

	CHECK_ROW(layout_open(&l, t->path, LAYOUT_WRITE, &err) == 0, "a new mirror");
	return l;
}

static int append(const struct layout *l, long current, const char *ref)
{
	const struct journal_line line = { .generation = current + 1, .ref = ref, .why = "sync" };
	struct err err = ERR_INIT;

	return journal_append(l, current, &line, 1, &err);
}

static int add_ref(const struct journal_line *line, void *out)
{
	buf_addf(out, "%ld:%s ", line->generation, line->ref ? line->ref : "-");
	return 0;
}

static char *walked(const struct layout *l, long current, size_t *bad)
{
	struct buf out = BUF_INIT(MIB);
	struct err err = ERR_INIT;

	CHECK_ROW(journal_walk(l, current, add_ref, &out, bad, &err) == 0, "a walk");
	return buf_take(&out);
}

static int check_all(const struct journal_line *line, void *n)
{
	CHECK(line->generation == 7);
	CHECK_TEXT(line->time, "2026-11-20T08:15:00Z", "time");
	CHECK_TEXT(line->ref, "docker.io/library/a:1", "ref");
	CHECK_TEXT(line->old_digest, "sha256:1", "old");
	CHECK_TEXT(line->new_digest, "sha256:2", "new");
	CHECK_TEXT(line->why, "rollback", "why");
	CHECK_TEXT(line->detail, "broke \"prod\"\n\xc3\xa4", "detail");
	CHECK_TEXT(line->who, "ann@host", "who");
	CHECK_TEXT(line->list, "base.list:1", "list");
	CHECK_TEXT(line->commit, "abc", "commit");
	return ++*(int *)n;
}

static void test_all_fields(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_new(&t);
	const struct journal_line line = {
		.generation = 7,
		.time = "2026-11-20T08:15:00Z",
		.ref = "docker.io/library/a:1",
		.old_digest = "sha256:1",
		.new_digest = "sha256:2",
		.why = "rollback",
		.detail = "broke \"prod\"\n\xc3\xa4",
		.who = "ann@host",
		.list = "base.list:1",
		.commit = "abc",
	};
	struct err err = ERR_INIT;
	int n = 0;

	CHECK_ROW(journal_walk(&l, 9, check_all, &n, NULL, &err) == 0 && n == 0,
		  "no journal has no lines");
	CHECK(journal_append(&l, 6, &line, 1, &err) == 0);
	CHECK_ROW(journal_walk(&l, 9, check_all, &n, NULL, &err) == 1 && n == 1,
		  "what each() gives ends the walk");
}

static void test_nothing_said(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_new(&t);
	const struct journal_line line = { .generation = 1, .why = "sync" };
	cleanup_free char *out = NULL;
	struct err err = ERR_INIT;

	CHECK(journal_append(&l, 0, &line, 1, &err) == 0);
	CHECK(journal_append(&l, 1, NULL, 0, &err) == 0);
	out = walked(&l, 1, NULL);
	CHECK_TEXT(out, "1:- ", "a line about a generation as a whole");
}

/* ---- what a crash or a hand leaves behind ---- */

#define L1 "{\"generation\":1,\"ref\":\"a\"}\n"
#define L2 "{\"generation\":2,\"ref\":\"b\"}\n"
#define L3 "{\"generation\":3,\"ref\":\"c\"}\n"

static const struct {
	const char *name, *found;
	const char *walk; /* at generation 2 */
	size_t bad;
	const char *after; /* walked at generation 3, after one more line was appended */
	size_t bad_after;
} states[] = {
	{ "whole", L1 L2, "1:a 2:b ", 0, "1:a 2:b 3:new ", 0 },
	{ "empty", "", "", 0, "3:new ", 0 },
	{ "orphans", L1 L2 L3 L3, "1:a 2:b ", 0, "1:a 2:b 3:new ", 0 },
	{ "orphans only", L3 L3, "", 0, "3:new ", 0 },
	{ "torn", L1 L2 "{\"generation\":3,\"re", "1:a 2:b ", 0, "1:a 2:b 3:new ", 0 },
	{ "torn before the newline", L1 L2 "{\"generation\":2}", "1:a 2:b ", 0, "1:a 2:b 3:new ",
	  0 },
	{ "orphans and torn", L1 L2 L3 "{\"gen", "1:a 2:b ", 0, "1:a 2:b 3:new ", 0 },
	{ "torn at once", "{\"gen", "", 0, "3:new ", 0 },
	{ "rubbish between", L1 "rubbish\n" L2, "1:a 2:b ", 1, "1:a 2:b 3:new ", 1 },
	{ "rubbish at the end is kept", L1 L2 "rubbish\n", "1:a 2:b ", 1, "1:a 2:b 3:new ", 1 },
	{ "rubbish behind orphans goes with them", L1 L2 L3 "rubbish\n", "1:a 2:b ", 1,
	  "1:a 2:b 3:new ", 0 },
	{ "no line of ours", "one\ntwo\n", "", 2, "3:new ", 2 },
	{ "an empty line", L1 "\n" L2, "1:a 2:b ", 1, "1:a 2:b 3:new ", 1 },
	{ "a line without generation", L1 "{\"ref\":\"x\"}\n" L2, "1:a 2:b ", 1, "1:a 2:b 3:new ",
	  1 },
	{ "a negative generation", L1 "{\"generation\":-1}\n" L2, "1:a 2:b ", 1, "1:a 2:b 3:new ",
	  1 },
};

static void test_states(void)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
		cleanup_by(layout_close) struct layout l = open_new(&t);
		cleanup_free char *before = NULL, *after = NULL;
		size_t bad = 99, bad_after = 99;

		tempdir_write(&t, PATH, states[i].found);
		before = walked(&l, 2, &bad);
		CHECK_TEXT(before, states[i].walk, states[i].name);
		CHECK(bad == states[i].bad);
		CHECK(append(&l, 2, "new") == 0);
		after = walked(&l, 3, &bad_after);
		CHECK_TEXT(after, states[i].after, states[i].name);
		CHECK(bad_after == states[i].bad_after);
	}
}

static void write_big(const struct tempdir *t, const char *before, size_t n, const char *after)
{
	struct buf b = BUF_INIT(16 * MIB);

	buf_adds(&b, before);
	for (size_t i = 0; i < n; i++)
		buf_addc(&b, 'x');
	buf_adds(&b, after);
	tempdir_write(t, PATH, b.p);
	buf_release(&b);
}

static void test_long_lines(void)
{
	static const struct {
		const char *name, *before;
		size_t n;
		const char *after, *end;
		size_t bad;
	} rows[] = {
		{ "longer than a line may be", L1, LIMIT_JOURNAL_LINE + 1, "\n" L2,
		  "1:a 2:b 3:new ", 1 },
		{ "longer than what is read at once", L1, 3 * MIB, "\n" L2, "1:a 2:b 3:new ", 1 },
		{ "long, at the end", L1 L2, 3 * MIB, "\n", "1:a 2:b 3:new ", 1 },
		{ "long and torn", L1 L2, 3 * MIB, "", "1:a 2:b 3:new ", 0 },
		{ "long, behind an orphan", L1 L2 L3, 3 * MIB, "\n", "1:a 2:b 3:new ", 0 },
		{ "nothing but one long line", "", MIB, "\n", "3:new ", 1 },
		{ "a block and its newline", "", MIB - 1, "\n", "3:new ", 1 },
		{ "nothing but one torn line", "", 2 * MIB, "", "3:new ", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
		cleanup_by(layout_close) struct layout l = open_new(&t);
		cleanup_free char *after = NULL;
		size_t bad = 99;

		write_big(&t, rows[i].before, rows[i].n, rows[i].after);
		CHECK(append(&l, 2, "new") == 0);
		after = walked(&l, 3, &bad);
		CHECK_TEXT(after, rows[i].end, rows[i].name);
		CHECK(bad == rows[i].bad);
	}
}

static void test_many_lines(void)
{
	enum { N = 20000 };
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_new(&t);
	cleanup_free struct journal_line *lines = xcalloc(N, sizeof(*lines));
	cleanup_free char *out = NULL;
	struct err err = ERR_INIT;
	struct stat st;

	for (size_t i = 0; i < N; i++)
		lines[i] = (struct journal_line){
			.generation = 2,
			.ref = "docker.io/library/a:1",
			.new_digest =
				"sha256:"
				"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
			.why = "sync",
		};
	CHECK(append(&l, 0, "first") == 0);
	CHECK(journal_append(&l, 1, lines, N, &err) == 0);
	CHECK(fstatat(t.fd, PATH, &st, 0) == 0 && st.st_size > 2 * (off_t)MIB);
	CHECK_ROW(append(&l, 1, "second") == 0, "an append over 20,000 orphans");
	out = walked(&l, 2, NULL);
	CHECK_TEXT(out, "1:first 2:second ", "which drops them all");
}

static void test_too_long_to_write(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_new(&t);
	cleanup_free char *reason = xcalloc(LIMIT_JOURNAL_LINE + 1, 1);
	const struct journal_line line = { .generation = 2, .ref = "x", .detail = reason };
	cleanup_free char *out = NULL;
	struct err err = ERR_INIT;

	memset(reason, 'r', LIMIT_JOURNAL_LINE);
	CHECK(append(&l, 0, "first") == 0);
	CHECK(journal_append(&l, 1, &line, 1, &err) < 0 && err.kind == ERR_INVALID);
	out = walked(&l, 2, NULL);
	CHECK_TEXT(out, "1:first ", "nothing was written");
}

static const struct {
	const char *name, *journal; /* NULL: there is none */
	long last;
} lasts[] = {
	{ "no journal", NULL, -1 },
	{ "an empty one", "", -1 },
	{ "one line", "{\"generation\":7}\n", 7 },
	{ "several", "{\"generation\":1}\n{\"generation\":2}\n", 2 },
	{ "a torn line", "{\"generation\":1}\n{\"generation\":2}", 1 },
	{ "a line that does not parse", "{\"generation\":1}\nrubbish\n", 1 },
	{ "nothing that parses", "rubbish\n", -1 },
};

static void test_last(void)
{
	for (size_t i = 0; i < sizeof(lasts) / sizeof(lasts[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
		cleanup_by(layout_close) struct layout l = open_new(&t);
		struct err err = ERR_INIT;
		long last = 99;

		if (lasts[i].journal)
			tempdir_write(&t, PATH, lasts[i].journal);
		CHECK_ROW(journal_last(&l, &last, &err) == 0 && last == lasts[i].last,
			  lasts[i].name);
	}
}

/* ---- only some lines ---- */

static bool wants_b(struct span text, void *arg)
{
	(void)arg;
	return memchr(text.p, 'b', text.n) != NULL;
}

static void test_wanted(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_new(&t);
	cleanup_by(buf_release) struct buf out = BUF_INIT(MIB);
	struct err err = ERR_INIT;
	size_t bad = 0;

	tempdir_write(&t, PATH,
		      L1 "rubbish\n" L2 "nothing\n" L2 L3 "{\"generation\":9,\"ref\":\"b\"}\n");
	CHECK(journal_walk_wanted(&l, 3, wants_b, add_ref, &out, &bad, &err) == 0);
	CHECK_TEXT(out.p, "2:b 2:b ", "lines that are wanted, up to the generation");
	CHECK_ROW(bad == 1, "of those that cannot be read, the wanted ones count");
}

int main(void)
{
	test_wanted();
	test_all_fields();
	test_nothing_said();
	test_states();
	test_long_lines();
	test_many_lines();
	test_too_long_to_write();
	test_last();
	return tap_done();
}
