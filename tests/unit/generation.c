#include "oci/store/generation.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/media_type.h"
#include "oci/store/index.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define D "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define ENTRY(ref)                                                                                 \
	"{\"digest\":\"" D "\",\"size\":5,\"annotations\":{\"" ANNOTATION_REF_NAME "\":\"" ref     \
	"\"}}"
#define OTHER_TOOLS "{\"schemaVersion\":2,\"manifests\":[" ENTRY("theirs") "]}"
#define NUMBERED(n)                                                                                \
	"{\"schemaVersion\":2,\"annotations\":{\"" ANNOTATION_GENERATION "\":\"" n "\"},"          \
	"\"manifests\":[" ENTRY("ours") "]}"

static struct layout open_mirror(const struct tempdir *t)
{
	struct layout l;
	struct err err = ERR_INIT;

	CHECK_ROW(layout_open(&l, t->path, LAYOUT_WRITE, &err) == 0, "the mirror opens");
	return l;
}

static struct layout open_other_tools(const struct tempdir *t)
{
	tempdir_write(t, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	tempdir_write(t, "index.json", OTHER_TOOLS);
	return open_mirror(t);
}

/* Publishes one more reference; gives the new number. */
static long publish(const struct layout *l, const char *ref, struct err *err)
{
	cleanup_fd int lock = generation_lock(l, "a test", 0, err);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct journal_line line = { .ref = ref, .new_digest = D, .why = "sync" };
	const struct publication what = {
		.made_by = "sync", .label = ref, .lines = &line, .nlines = 1
	};
	struct digest d = { .str = D };

	if (lock < 0 || generation_load(l, &x, err) < 0)
		return -1;
	entry_set_content(index_add(&x, ref), MEDIA_OCI_MANIFEST, &d, 5);
	return generation_publish(l, &x, &what, err);
}

static char *numbers(const struct layout *l, long current)
{
	struct buf out = BUF_INIT(1000);
	cleanup_free long *v = NULL;
	struct err err = ERR_INIT;
	size_t n = 0;

	CHECK_ROW(generation_list(l, current, &v, &n, &err) == 0, "a list of generations");
	for (size_t i = 0; i < n; i++)
		buf_addf(&out, "%ld ", v[i]);
	return buf_take(&out);
}

static void test_new_mirror(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_mirror(&t);
	cleanup_by(index_release) struct index x = INDEX_INIT, again = INDEX_INIT;
	struct err err = ERR_INIT;

	CHECK(generation_load(&l, &x, &err) == 0 && x.n == 0 && generation_number(&x) == 0);
	CHECK(tempdir_has(&t, "index.json") && index_load(&again, &l, NULL, &err) == 0);
	CHECK_TEXT(index_annotation(&again, ANNOTATION_GENERATION), "0", "generation 0 is on disk");
}

static void test_publish(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_mirror(&t);
	cleanup_by(index_release) struct index x = INDEX_INIT, first = INDEX_INIT,
					       none = INDEX_INIT;
	cleanup_free char *kept = NULL, *before = NULL;
	struct err err = ERR_INIT;
	struct stat st;

	for (long i = 1; i <= 11; i++) {
		cleanup_free char *ref = xasprintf("h/r:%ld", i);

		CHECK(publish(&l, ref, &err) == i);
	}
	CHECK(index_load(&x, &l, NULL, &err) == 0 && x.n == 11 && generation_number(&x) == 11);
	CHECK_TEXT(index_annotation(&x, ANNOTATION_LABEL), "h/r:11", "the label is in the index");
	CHECK_TEXT(index_annotation(&x, ANNOTATION_MADE_BY), "sync", "and what made it");
	kept = numbers(&l, 11);
	CHECK_TEXT(kept, "0 1 2 3 4 5 6 7 8 9 10 11 ", "all are kept, in order of number");
	before = numbers(&l, 3);
	CHECK_TEXT(before, "0 1 2 3 ", "those up to one");
	CHECK(generation_read(&l, 1, &first, &err) == 0 && first.n == 1);
	CHECK(generation_read(&l, 12, &none, &err) < 0 && err.kind == ERR_NOTFOUND &&
	      strstr(err.msg, "generation 12 was never published"));
	CHECK(fstatat(t.fd, ".mirror/generations/11.json", &st, 0) == 0 &&
	      (st.st_mode & 0222) == 0);
	unlinkat(t.fd, ".mirror/generations/4.json", 0);
	CHECK(generation_read(&l, 4, &none, &err) < 0 && err.kind == ERR_NOTFOUND &&
	      strstr(err.msg, "generation 4 is no longer kept"));
}

/* Loaded once more under the lock: read only when it has to be. */
static void test_loaded_again(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_mirror(&t);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct err err = ERR_INIT;
	struct entry **read;

	CHECK(publish(&l, "h/a:1", &err) == 1 && generation_load(&l, &x, &err) == 0);
	read = x.v;
	CHECK_ROW(generation_load(&l, &x, &err) == 0 && x.v == read && x.n == 1,
		  "what is still published stays as it was loaded");
	CHECK(publish(&l, "h/a:2", &err) == 2);
	CHECK_ROW(generation_load(&l, &x, &err) == 0 && x.n == 2 && generation_number(&x) == 2,
		  "what somebody else published is read");
	tempdir_write(&t, "index.json", "{");
	CHECK_ROW(generation_load(&l, &x, &err) < 0 && err.kind == ERR_INVALID && x.n == 0,
		  "and so is what somebody broke");
}

static int count_line(const struct journal_line *line, void *n)
{
	CHECK(line->time && line->generation == ++*(long *)n);
	return 0;
}

static void test_journal(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_mirror(&t);
	struct err err = ERR_INIT;
	long n = 0;

	CHECK(publish(&l, "h/a:1", &err) == 1 && publish(&l, "h/a:2", &err) == 2);
	CHECK(journal_walk(&l, 2, count_line, &n, NULL, &err) == 0 && n == 2);
}

static void test_commit_stays(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_mirror(&t);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	const struct publication sync = { .made_by = "sync", .label = "sprint-1", .commit = "abc" };
	const struct publication hold = { .made_by = "hold" };
	struct err err = ERR_INIT;

	CHECK(generation_load(&l, &x, &err) == 0);
	CHECK(generation_publish(&l, &x, &sync, &err) == 1);
	CHECK_ROW(generation_publish(&l, &x, &hold, &err) == 2, "one index, published twice");
	CHECK_TEXT(index_annotation(&x, ANNOTATION_LIST_COMMIT), "abc", "the commit stays");
	CHECK(!index_annotation(&x, ANNOTATION_LABEL));
}

/* ---- orphans ---- */

static void test_orphans(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_mirror(&t);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	cleanup_free char *kept = NULL;
	struct err err = ERR_INIT;

	CHECK(publish(&l, "h/a:1", &err) == 1);
	tempdir_write(&t, ".mirror/generations/2.json", NUMBERED("2"));
	tempdir_write(&t, ".mirror/generations/2.json.17.tmp", "{");
	tempdir_write(&t, ".mirror/generations/annotations.txt", "");
	tempdir_write(&t, ".mirror/generations/01.json", "");
	tempdir_write(&t, "index.json.17.tmp", "{");
	tempdir_write(&t, "mine.tmp", "{");
	CHECK_ROW(generation_read(&l, 2, &x, &err) < 0 && err.kind == ERR_NOTFOUND,
		  "an orphan is not offered");
	kept = numbers(&l, 1);
	CHECK_TEXT(kept, "0 1 ", "nor listed");
	CHECK_ROW(publish(&l, "h/a:2", &err) == 2, "and overwritten");
	CHECK(generation_read(&l, 2, &x, &err) == 0 && index_find(&x, "h/a:2"));
	CHECK_ROW(!tempdir_has(&t, "index.json.17.tmp") &&
			  !tempdir_has(&t, ".mirror/generations/2.json.17.tmp") &&
			  tempdir_has(&t, "mine.tmp"),
		  "what a killed writer left is gone, what is not ours stays");
}

static void test_kept_lies(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_mirror(&t);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct err err = ERR_INIT;

	CHECK(publish(&l, "h/a:1", &err) == 1 && publish(&l, "h/a:2", &err) == 2);
	unlinkat(t.fd, ".mirror/generations/1.json", 0);
	tempdir_write(&t, ".mirror/generations/1.json", NUMBERED("7"));
	CHECK(generation_read(&l, 1, &x, &err) < 0 && err.kind == ERR_INVALID &&
	      strstr(err.msg, "1.json: it says it is generation 7"));
	tempdir_write(&t, ".mirror/generations/1.json", "{");
	CHECK(generation_read(&l, 1, &x, &err) < 0 && err.kind == ERR_INVALID &&
	      strstr(err.msg, "1.json: line 1"));
}

/* ---- an index.json that cannot be trusted ---- */

static const struct {
	const char *name;
	const char *index; /* NULL: removed */
	const char *error;
} spoilt[] = {
	{ "missing", NULL, "/index.json is missing; nothing was changed; to go on" },
	{ "empty", "", "/index.json cannot be read (line 1: it is empty); nothing was changed" },
	{ "cut", "{\"schemaVersion\":2,", "cannot be read (line 1: it ends in the middle)" },
	{ "an entry is broken", "{\"schemaVersion\":2,\"manifests\":[{}]}",
	  "cannot be read (entry 1, which begins on line 1: a descriptor has no digest)" },
	{ "something else", "[]", "cannot be read (line 1: not a JSON object)" },
	{ "written by another tool", OTHER_TOOLS,
	  "has lost its generation number: another tool has written it; nothing was changed" },
	{ "with a number that is none", NUMBERED("seven"), "has lost its generation number" },
};

static void test_spoilt(void)
{
	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
		cleanup_by(layout_close) struct layout l = open_mirror(&t);
		cleanup_free char *copy =
			xasprintf("cp %s/.mirror/generations/2.json %s/index.json", t.path, t.path);
		struct err err = ERR_INIT;

		CHECK(publish(&l, "h/a:1", &err) == 1 && publish(&l, "h/a:2", &err) == 2);
		unlinkat(t.fd, "index.json", 0);
		if (spoilt[i].index)
			tempdir_write(&t, "index.json", spoilt[i].index);
		CHECK_ROW(publish(&l, "h/a:3", &err) < 0 && err.kind == ERR_INVALID &&
				  strstr(err.msg, spoilt[i].error),
			  spoilt[i].name);
		CHECK_ROW(strstr(err.msg, copy) != NULL, "it says what to do");
		if (!strstr(err.msg, spoilt[i].error) || !strstr(err.msg, copy))
			printf("# %s\n", err.msg);
		CHECK_ROW(tempdir_has(&t, "index.json") == (spoilt[i].index != NULL) &&
				  !tempdir_has(&t, ".mirror/generations/3.json"),
			  "nothing was changed");
		CHECK(system(copy) == 0);
		CHECK_ROW(publish(&l, "h/a:3", &err) == 3, "and then it goes on");
	}
}

static void test_not_a_file(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_mirror(&t);
	struct err err = ERR_INIT;

	CHECK(publish(&l, "h/a:1", &err) == 1);
	unlinkat(t.fd, "index.json", 0);
	CHECK(mkdirat(t.fd, "index.json", 0755) == 0);
	CHECK(publish(&l, "h/a:2", &err) < 0 && strstr(err.msg, "not a regular file"));
}

/* ---- another tool's layout ---- */

static void test_adopt(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_other_tools(&t);
	cleanup_by(index_release) struct index x = INDEX_INIT, first = INDEX_INIT;
	struct err err = ERR_INIT;

	CHECK(publish(&l, "h/a:1", &err) == 1);
	CHECK(index_load(&x, &l, NULL, &err) == 0 && x.n == 2 && index_find(&x, "theirs"));
	CHECK_ROW(generation_read(&l, 0, &first, &err) == 0 && first.n == 1,
		  "what it was is kept as generation 0");
}

static void test_adopt_after_a_kill(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_other_tools(&t);
	struct err err = ERR_INIT;

	tempdir_write(&t, ".mirror/generations/0.json", OTHER_TOOLS);
	tempdir_write(&t, ".mirror/generations/1.json", NUMBERED("1"));
	CHECK_ROW(publish(&l, "h/a:1", &err) == 1, "a first publish that was killed is done again");
}

static void test_adopt_what_changed_since(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_other_tools(&t);
	cleanup_by(index_release) struct index first = INDEX_INIT;
	struct err err = ERR_INIT;

	tempdir_write(&t, ".mirror/generations/0.json", "{\"schemaVersion\":2,\"manifests\":[]}");
	CHECK(publish(&l, "h/a:1", &err) == 1);
	CHECK_ROW(generation_read(&l, 0, &first, &err) == 0 && first.n == 1,
		  "generation 0 is what it was just before");
}

static void test_reader(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_free char *kept = NULL;
	struct err err = ERR_INIT;

	tempdir_write(&t, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	tempdir_write(&t, "index.json", OTHER_TOOLS);
	CHECK(layout_open(&l, t.path, LAYOUT_READ, &err) == 0);
	kept = numbers(&l, 0);
	CHECK_TEXT(kept, "", "another tool's layout has kept none");
}

static void test_lock(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = open_mirror(&t);
	struct err err = ERR_INIT;
	int lock = generation_lock(&l, "mirror-publish undo", 0, &err);

	CHECK(lock >= 0);
	CHECK(generation_lock(&l, "a second", 0, &err) < 0 && err.kind == ERR_IO &&
	      strstr(err.msg, "mirror-publish undo") && strstr(err.msg, t.path));
	close(lock);
	CHECK(publish(&l, "h/a:1", &err) == 1);
}

int main(void)
{
	test_new_mirror();
	test_publish();
	test_loaded_again();
	test_journal();
	test_commit_stays();
	test_orphans();
	test_kept_lies();
	test_spoilt();
	test_not_a_file();
	test_adopt();
	test_adopt_after_a_kill();
	test_adopt_what_changed_since();
	test_reader();
	test_lock();
	return tap_done();
}
