/* Generations as they lie on disk: whole, as differences, and put back. */
#include "oci/store/generation.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/image/media_type.h"
#include "oci/store/generation_files.h"
#include "oci/store/index.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define D "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

/* Publishes one more reference; those whose number is a multiple of 7 have a label. */
static long publish(const struct layout *l, struct err *err)
{
	cleanup_fd int lock = generation_lock(l, "a test", 0, err);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	cleanup_free char *ref = NULL;
	struct journal_line line = { .new_digest = D, .why = "sync" };
	struct publication what = {
		.made_by = "sync", .who = "ann@host", .lines = &line, .nlines = 1
	};
	struct digest d = { .str = D };
	long next;

	if (lock < 0 || generation_load(l, &x, err) < 0)
		return -1;
	next = generation_number(&x) + 1;
	line.ref = ref = xasprintf("h/r:%ld", next);
	what.label = next % 7 ? NULL : ref;
	entry_set_content(index_add(&x, ref), MEDIA_OCI_MANIFEST, &d, 5);
	return generation_publish(l, &x, &what, err);
}

static void publish_many(const struct layout *l, long n)
{
	struct err err = ERR_INIT;

	for (long i = 0; i < n; i++)
		if (publish(l, &err) < 0)
			printf("# %s\n", err.msg);
}

static void thin_all(const struct layout *l, long current)
{
	for (long i = 0; i < current; i++)
		generation_thin(l, current);
}

static bool has(const struct tempdir *t, long number, const char *form)
{
	cleanup_free char *path = xasprintf(".mirror/generations/%ld.%s", number, form);

	return tempdir_has(t, path);
}

/* The bytes of a file; "" when there is none. */
static char *slurp(const struct tempdir *t, const char *path)
{
	struct buf b = BUF_INIT(MIB);
	struct err err;

	(void)file_read(t->fd, path, &b, &err);
	return buf_take(&b);
}

/* ---- what the index says of itself ---- */

static void test_annotations(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT, head = INDEX_INIT;
	cleanup_free char *first = NULL;
	cleanup_json json_t *run = NULL;
	struct err err = ERR_INIT;
	struct digest id;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	publish_many(&l, 1);
	first = slurp(&t, "index.json");
	digest_of(NULL, first, strlen(first), &id);
	publish_many(&l, 1);
	CHECK(generation_look(&l, &x, &err) == 0);
	CHECK_TEXT(index_annotation(&x, ANNOTATION_PREVIOUS), id.str,
		   ".previous is the digest of the index.json before");
	run = json_read(span_str(index_annotation(&x, ANNOTATION_RUN)), &err);
	CHECK_TEXT(json_get_text(run, "who"), "ann@host", ".run says by whom");
	CHECK(json_get_size(run, "added") == 1 && json_get_size(run, "moved") == 0 &&
	      json_get_text(run, "started"));
	CHECK(!index_annotation(&x, ANNOTATION_REQUIRES));
	CHECK(generation_read_head(&l, 1, &head, &err) == 0 && generation_number(&head) == 1 &&
	      head.n == 0 && generation_moved(&head) == 0);
}

static const struct {
	const char *name, *annotation, *entry, *want;
} required[] = {
	{ "nothing", NULL, NULL, NULL },
	{ "bad", "dev.ocimirror.bad", NULL, "bad" },
	{ "banned", "dev.ocimirror.banned", NULL, "banned" },
	{ "private", NULL, "dev.ocimirror.private", "private" },
	{ "two", "dev.ocimirror.banned", "dev.ocimirror.private", "banned private" },
};

static void test_requires(void)
{
	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
		cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
		cleanup_by(index_release) struct index x = INDEX_INIT;
		const struct publication what = { .made_by = "sync" };
		struct err err = ERR_INIT;

		CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
		publish_many(&l, 1);
		CHECK(generation_load(&l, &x, &err) == 0);
		if (required[i].annotation)
			index_set_annotation(&x, required[i].annotation, "[]");
		if (required[i].entry)
			entry_set_annotation(x.v[0], required[i].entry, "team-a");
		CHECK(generation_publish(&l, &x, &what, &err) == 2);
		CHECK_TEXT(index_annotation(&x, ANNOTATION_REQUIRES), required[i].want,
			   required[i].name);
		index_set_annotation(&x, required[i].annotation ? required[i].annotation : "none",
				     NULL);
		entry_set_annotation(x.v[0], "dev.ocimirror.private", NULL);
		CHECK(generation_publish(&l, &x, &what, &err) == 3);
		CHECK_ROW(!index_annotation(&x, ANNOTATION_REQUIRES), "and no longer");
	}
}

static void test_requires_more(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct err err = ERR_INIT;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	publish_many(&l, 1);
	unlinkat(t.fd, "index.json", 0);
	tempdir_write(&t, "index.json",
		      "{\"schemaVersion\":2,\"annotations\":{\"dev.ocimirror.generation\":\"1\","
		      "\"dev.ocimirror.requires\":\"bad rings\"},\"manifests\":[]}");
	CHECK_ROW(generation_look(&l, &x, &err) < 0 && strstr(err.msg, "requires \"rings\"") &&
			  strstr(err.msg, "newer version"),
		  "a reader refuses what it does not know");
	CHECK_ROW(generation_load(&l, &x, &err) < 0 && strstr(err.msg, "requires \"rings\"") &&
			  !strstr(err.msg, "cp "),
		  "a writer, too, and offers no older one");
}

/* ---- differences ---- */

static void test_thin(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	char *was[61] = { NULL };
	struct err err = ERR_INIT;
	bool same = true, forms = true;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	publish_many(&l, 60);
	for (long i = 0; i <= 60; i++) {
		cleanup_free char *path = xasprintf(".mirror/generations/%ld.json", i);

		was[i] = slurp(&t, path);
	}
	thin_all(&l, 60);
	for (long i = 0; i <= 60; i++) {
		cleanup_by(buf_release) struct buf now = BUF_INIT(LIMIT_INDEX);
		cleanup_by(index_release) struct index head = INDEX_INIT, x = INDEX_INIT;
		bool whole = i > 50 || i % 50 == 0 || i % 7 == 0;

		forms = forms && has(&t, i, "json") == whole && has(&t, i, "diff") == !whole;
		same = same && generation_files_read(&l, i, &now, &err) == 0 &&
		       strcmp(now.p, was[i]) == 0 &&
		       generation_read_head(&l, i, &head, &err) == 0 &&
		       generation_number(&head) == i && generation_read(&l, i, &x, &err) == 0 &&
		       x.n == (size_t)i;
		free(was[i]);
	}
	CHECK_ROW(forms, "the newest ten, those with a label and every fiftieth stay whole");
	CHECK_ROW(same, "all are read, byte for byte");
	CHECK_ROW(publish(&l, &err) == 61, "and the next one is published");
}

static void test_thin_is_checked(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(MIB);
	cleanup_free char *diff = NULL;
	struct err err = ERR_INIT;
	char *step;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	publish_many(&l, 20);
	thin_all(&l, 20);
	CHECK(has(&t, 3, "diff") && has(&t, 4, "diff"));
	diff = slurp(&t, ".mirror/generations/4.diff");
	step = diff ? strstr(diff, "\"size\":5") : NULL;
	unlinkat(t.fd, ".mirror/generations/4.diff", 0);
	CHECK_ROW(generation_files_read(&l, 4, &bytes, &err) < 0 && err.kind == ERR_NOTFOUND,
		  "one that went is no longer kept");
	CHECK_ROW(
		generation_files_read(&l, 3, &bytes, &err) < 0 && err.kind == ERR_INVALID &&
			strstr(err.msg, "generation 3 cannot be rebuilt: generation 4 is missing"),
		"and the one before it cannot be rebuilt");
	if (step)
		step[7] = '6';
	tempdir_write(&t, ".mirror/generations/4.diff", diff ? diff : "");
	CHECK_ROW(generation_files_read(&l, 4, &bytes, &err) < 0 &&
			  (err.kind == ERR_DIGEST || err.kind == ERR_INVALID),
		  "what is damaged is not believed");
}

/* A writer was killed between the two forms. */
static void test_both_forms(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct err err = ERR_INIT;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	publish_many(&l, 20);
	tempdir_write(&t, ".mirror/generations/3.diff", "torn");
	CHECK_ROW(generation_read(&l, 3, &x, &err) == 0, "the whole one counts");
	thin_all(&l, 20);
	index_release(&x);
	CHECK_ROW(!has(&t, 3, "json") && generation_read(&l, 3, &x, &err) == 0,
		  "and the difference is made again");
}

/* ---- an index.json that was put back ---- */

static void copy_generation(const struct tempdir *t, long number)
{
	cleanup_free char *copy =
		xasprintf("rm -f %s/index.json; cp %s/.mirror/generations/%ld.json %s/index.json",
			  t->path, t->path, number, t->path);

	CHECK(system(copy) == 0);
}

static const struct {
	const char *name;
	long published, put_back;
	const char *removed; /* by the shell, in the mirror; or NULL */
	const char *error;   /* NULL: it is accepted as it is */
	const char *offer;   /* in the message */
} put_back[] = {
	{ "several generations back", 5, 2, NULL, "is generation 2, and newer ones were published",
	  "/5.json" },
	{ "one generation back", 5, 4, NULL, "is generation 4, and a newer one was published",
	  "/5.json" },
	{ "one back, and the journal is lost", 5, 4, ".mirror/journal.jsonl", "is generation 4",
	  "/5.json" },
	{ "one back, and its file is lost", 5, 4, ".mirror/generations/5.json",
	  "the journal tells of newer ones", "/4.json" },
	{ "all generations are lost", 5, 2, ".mirror/generations/*",
	  "the journal tells of newer ones", NULL },
	{ "the newest one itself", 5, 5, NULL, NULL, NULL },
	{ "the newest one, the journal is lost", 5, 5, ".mirror/journal.jsonl", NULL, NULL },
	{ "the newest one, its file is lost", 5, 5, ".mirror/generations/5.json", NULL, NULL },
	{ "the newest one, all generations are lost", 5, 5, ".mirror/generations/*", NULL, NULL },
};

static void test_put_back(void)
{
	for (size_t i = 0; i < sizeof(put_back) / sizeof(put_back[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
		cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
		cleanup_free char *remove = NULL, *journal = NULL, *after = NULL;
		struct err err = ERR_INIT;
		long number;

		CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
		publish_many(&l, put_back[i].published);
		copy_generation(&t, put_back[i].put_back);
		remove = xasprintf("cd %s && rm -f %s", t.path,
				   put_back[i].removed ? put_back[i].removed : "nothing");
		CHECK(system(remove) == 0);
		journal = slurp(&t, ".mirror/journal.jsonl");
		number = publish(&l, &err);
		after = slurp(&t, ".mirror/journal.jsonl");
		if (!put_back[i].error) {
			CHECK_ROW(number == put_back[i].published + 1, put_back[i].name);
			continue;
		}
		CHECK_ROW(number < 0 && err.kind == ERR_INVALID &&
				  strstr(err.msg, put_back[i].error) &&
				  strstr(err.msg, "nothing was changed") &&
				  strstr(err.msg, "restored"),
			  put_back[i].name);
		CHECK_ROW(!put_back[i].offer == !strstr(err.msg, "cp ") &&
				  (!put_back[i].offer || strstr(err.msg, put_back[i].offer)),
			  "it says what to do");
		if (number >= 0 || !strstr(err.msg, put_back[i].error))
			printf("# %s\n", number < 0 ? err.msg : "(it was accepted)");
		CHECK_TEXT(after, journal, "the journal is not cut");
	}
}

/* A mirror of another history: the same number, another generation before it. */
static void test_other_history(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_free char *edit = NULL;
	struct err err = ERR_INIT;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	publish_many(&l, 3);
	edit = xasprintf("cd %s && sed 's/previous\":\"sha256:.../previous\":\"sha256:000/' "
			 "index.json >i && mv i index.json",
			 t.path);
	CHECK(system(edit) == 0);
	CHECK_ROW(publish(&l, &err) < 0 &&
			  strstr(err.msg, "the one kept under that number is another one"),
		  "a backup of another mirror");
}

static void test_restored(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT, kept = INDEX_INIT;
	struct journal_line line = { .why = "restored" };
	const struct publication what = { .made_by = "restored", .lines = &line, .nlines = 1 };
	struct err err = ERR_INIT;
	long last;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	publish_many(&l, 5);
	copy_generation(&t, 2);
	CHECK(generation_restored_open(&l, &x, &last, &err) == 0 && x.n == 2 && last == 5);
	CHECK_ROW(generation_publish_restored(&l, &x, &what, &err) == 6 && x.n == 2,
		  "it becomes a generation above every number found");
	CHECK(generation_read(&l, 5, &kept, &err) == 0 && kept.n == 5);
	CHECK_ROW(publish(&l, &err) == 7, "and the next one is published");
}

/* The writer of generation 3 was killed, and then generation 2 was lost. */
static void test_orphan_is_not_offered(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	struct err err = ERR_INIT;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	publish_many(&l, 3);
	copy_generation(&t, 2);
	CHECK(fchmodat(t.fd, ".mirror/generations/3.json", 0644, 0) == 0);
	CHECK_ROW(publish(&l, &err) == 3, "one that was not published is overwritten");
	CHECK(fchmodat(t.fd, ".mirror/generations/3.json", 0644, 0) == 0);
	unlinkat(t.fd, ".mirror/generations/2.json", 0);
	unlinkat(t.fd, "index.json", 0);
	CHECK_ROW(publish(&l, &err) < 0 && strstr(err.msg, "/1.json") &&
			  strstr(err.msg, "generation 2 is not") && !strstr(err.msg, "/3.json"),
		  "and never offered");
	if (!strstr(err.msg, "/1.json"))
		printf("# %s\n", err.msg);
}

/* ---- a publisher that locks late ---- */

static void test_is_current(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct err err = ERR_INIT;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	publish_many(&l, 1);
	CHECK(generation_open(&l, "a test", 0, &x, &err) == 0);
	CHECK_ROW(generation_is_current(&l, &x, &err) == 1, "nobody published meanwhile");
	publish_many(&l, 1);
	CHECK_ROW(generation_is_current(&l, &x, &err) == 0, "somebody did");
}

static void test_meaning(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	struct err err = ERR_INIT;
	struct digest d;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	publish_many(&l, 12);
	CHECK(generation_meaning(&l, 1, "h/r:1", &d, &err) == 1 && strcmp(d.str, D) == 0);
	CHECK(generation_meaning(&l, 12, "h/r:12", &d, &err) == 1);
	CHECK(generation_meaning(&l, 11, "h/r:12", &d, &err) == 0);
	CHECK(generation_meaning(&l, 12, "h/r", &d, &err) == 0);
	CHECK(generation_meaning(&l, 13, "h/r:1", &d, &err) < 0 && err.kind == ERR_NOTFOUND);
}

int main(void)
{
	test_annotations();
	test_requires();
	test_requires_more();
	test_thin();
	test_thin_is_checked();
	test_both_forms();
	test_put_back();
	test_other_history();
	test_restored();
	test_orphan_is_not_offered();
	test_is_current();
	test_meaning();
	return tap_done();
}
