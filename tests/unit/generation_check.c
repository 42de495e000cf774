/* Generations that were changed, lost or put in another's place are found, and no others. */
#include "oci/store/generation_check.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/image/media_type.h"
#include "oci/store/generation.h"
#include "oci/store/index.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define D     "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define KEPT  ".mirror/generations/"
#define COUNT 20

static void publish(const struct layout *l)
{
	struct err err = ERR_INIT;
	cleanup_fd int lock = generation_lock(l, "a test", 0, &err);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	cleanup_free char *ref = NULL;
	struct journal_line line = { .new_digest = D, .why = "sync" };
	struct publication what = { .made_by = "sync", .lines = &line, .nlines = 1 };
	struct digest d = { .str = D };

	if (lock < 0 || generation_load(l, &x, &err) < 0)
		printf("# %s\n", err.msg);
	line.ref = ref = xasprintf("h/r:%ld", generation_number(&x) + 1);
	entry_set_content(index_add(&x, ref), MEDIA_OCI_MANIFEST, &d, 5);
	if (generation_publish(l, &x, &what, &err) < 0)
		printf("# %s\n", err.msg);
}

static void on_bad(long number, const char *text, void *out)
{
	buf_addf(out, "%ld %.20s; ", number, text);
}

static const struct {
	const char *name;
	const char *file;      /* of .mirror/generations; NULL: none */
	const char *from, *to; /* a text in it, and what it becomes; NULL: the file is removed */
	const char *want;
} rows[] = {
	{ "all are whole", NULL, NULL, NULL, "" },
	{ "a whole one has another entry", "15.json", "h/r:3", "h/r:x",
	  "15 is not what was publ; " },
	{ "the newest has another entry", "20.json", "h/r:3", "h/r:x",
	  "20 is not what was publ; " },
	{ "the newest is lost", "20.json", NULL, NULL, "20 is not kept: index.j; " },
	/* one in the middle: those older than it hang on it */
	{ "a difference is lost", "2.diff", NULL, NULL, "1 cannot be rebuilt: g; " },
	{ "a difference makes something else", "1.diff", "h/r", "h/q", "1 cannot be rebuilt: w; " },
	{ "a difference against another one", "1.diff", "\"against\":2", "\"against\":3",
	  "1 .mirror/generations/; " },
	{ "a difference with another digest", "1.diff",
	  "\"digest\":\"sha256:", "\"digest\":\"sha512:", "1 .mirror/generations/; " },
	{ "a whole one says another number", "12.json", "generation\":\"12", "generation\":\"13",
	  "12 is not what was publ; " },
};

/* Replaces a text of the file; -1 when it is not there. */
static int edit(const struct layout *l, const char *path, const char *from, const char *to)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(MIB);
	struct err err = ERR_INIT;
	char *at;

	if (!from)
		return unlinkat(l->root, path, 0);
	if (file_read(l->root, path, &bytes, &err) < 0 || !(at = strstr(bytes.p, from)))
		return -1;
	memcpy(at, to, strlen(to));
	return file_replace(l->root, path, bytes.p, bytes.n, 0444, &err);
}

static void test_row(size_t i)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT;
	cleanup_by(buf_release) struct buf got = BUF_INIT(MIB);
	cleanup_free char *path = xasprintf(KEPT "%s", rows[i].file ? rows[i].file : "");
	struct err err = ERR_INIT;
	size_t n = 0;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	for (long k = 0; k < COUNT; k++)
		publish(&l);
	for (long k = 0; k < COUNT; k++)
		generation_thin(&l, COUNT);
	if (rows[i].file)
		CHECK_ROW(edit(&l, path, rows[i].from, rows[i].to) == 0, path);
	CHECK(generation_look(&l, &x, &err) == 0);
	CHECK(generation_check(&l, &x, &n, on_bad, &got, &err) == 0);
	CHECK_TEXT(got.p, rows[i].want, rows[i].name);
	CHECK_ROW(n == COUNT + 1 || (rows[i].file && !rows[i].from), "all are counted");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(i);
	return tap_done();
}
