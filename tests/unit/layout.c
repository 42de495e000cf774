#include "oci/store/layout.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

static struct digest named(const char *text)
{
	struct digest d;

	digest_of(NULL, text, strlen(text), &d);
	return d;
}

static struct layout open_new(struct tempdir *t)
{
	struct layout l;
	struct err err = ERR_INIT;

	CHECK_ROW(layout_open(&l, t->path, LAYOUT_WRITE, &err) == 0, "a writer opens the mirror");
	return l;
}

/* ---- what a directory must be ---- */

static const struct {
	const char *name;
	const char *file, *content; /* what the directory holds, or NULL */
	enum layout_mode mode;
	const char *error; /* part of the message; NULL: it opens */
} directories[] = {
	{ "an empty one becomes a mirror", NULL, NULL, LAYOUT_WRITE, NULL },
	{ "a fresh file system is empty", "lost+found", "", LAYOUT_WRITE, NULL },
	{ "one left by a kill in the first write is empty", "oci-layout.17.tmp", "{\"im",
	  LAYOUT_WRITE, NULL },
	{ "a layout is adopted", "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", LAYOUT_WRITE,
	  NULL },
	{ "a layout is read", "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}\n", LAYOUT_READ,
	  NULL },
	{ "somebody's home is left alone", "thesis.tex", "x", LAYOUT_WRITE,
	  "neither empty nor an OCI layout: it holds \"thesis.tex\" and no oci-layout file" },
	{ "an index alone is no layout", "index.json", "{}", LAYOUT_WRITE, "no oci-layout file" },
	{ "a reader makes nothing", NULL, NULL, LAYOUT_READ,
	  "not an OCI layout: no oci-layout file" },
	{ "another version", "oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}", LAYOUT_WRITE,
	  "version \"2.0.0\": only 1.0.0 is known" },
	{ "no version", "oci-layout", "{}", LAYOUT_READ, "oci-layout: no imageLayoutVersion" },
	{ "rubbish", "oci-layout", "\177ELF", LAYOUT_WRITE, "oci-layout: JSON" },
	{ "an empty marker", "oci-layout", "", LAYOUT_WRITE, "oci-layout: JSON" },
};

static void test_directories(void)
{
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
		struct err err = ERR_INIT;
		struct layout l;
		int r;

		if (directories[i].file)
			tempdir_write(&t, directories[i].file, directories[i].content);
		r = layout_open(&l, t.path, directories[i].mode, &err);
		if (r == 0)
			layout_close(&l);
		if (!directories[i].error) {
			CHECK_ROW(r == 0, directories[i].name);
			continue;
		}
		CHECK_ROW(r < 0 && err.kind == ERR_INVALID &&
				  strstr(err.msg, directories[i].error) && strstr(err.msg, t.path),
			  directories[i].name);
	}
}

static void test_no_directory(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_free char *deep = xasprintf("%s/a/b", t.path), *file = xasprintf("%s/f", t.path);
	struct err err = ERR_INIT;
	struct layout l;

	CHECK(layout_open(&l, deep, LAYOUT_READ, &err) < 0 && err.kind == ERR_NOTFOUND);
	CHECK(layout_open(&l, deep, LAYOUT_WRITE, &err) == 0);
	layout_close(&l);
	tempdir_write(&t, "f", "a file");
	CHECK(layout_open(&l, file, LAYOUT_WRITE, &err) < 0 && strstr(err.msg, file));
	CHECK(layout_open(&l, "", LAYOUT_WRITE, &err) < 0 && err.kind == ERR_USAGE);
}

/* ---- a blob's life ---- */

static void test_life(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct layout l = open_new(&t);
	struct digest d = named("hello");
	cleanup_by(buf_release) struct buf out = BUF_INIT(100);
	char path[DIGEST_PATH];
	struct err err = ERR_INIT;
	struct stat st;
	int64_t size;
	int fd;

	digest_path(&d, path);
	CHECK(!layout_has(&l, &d, -1));
	CHECK(layout_open_blob(&l, &d, &size, &err) < 0 && err.kind == ERR_NOTFOUND);
	CHECK(layout_put(&l, &d, "hello", 5, &err) == 0);
	CHECK(layout_staged(&l) == 1 && l.staged_bytes == 5);
	CHECK(layout_has(&l, &d, 5) && layout_has(&l, &d, -1) && !layout_has(&l, &d, 4));
	CHECK_ROW(layout_read(&l, &d, &out, &err) == 0 && strcmp(out.p, "hello") == 0,
		  "a staged blob can be read");
	CHECK_ROW(fstatat(l.root, path, &st, 0) < 0, "a staged blob has no name yet");
	CHECK(layout_put(&l, &d, "hello", 5, &err) == 0 && layout_staged(&l) == 1);
	CHECK(layout_commit(&l, &err) == 0 && layout_staged(&l) == 0 && l.staged_bytes == 0);
	CHECK(fstatat(l.root, path, &st, 0) == 0 && (st.st_mode & 07777) == 0444);
	CHECK(layout_has(&l, &d, 5) && !layout_has(&l, &d, 6));
	CHECK(layout_read(&l, &d, &out, &err) == 0 && strcmp(out.p, "hello") == 0);
	fd = layout_open_blob(&l, &d, &size, &err);
	CHECK(fd >= 0 && size == 5);
	close(fd);
	CHECK(layout_commit(&l, &err) == 0);
	layout_close(&l);
}

static void test_read_refuses(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct layout l = open_new(&t);
	struct digest d = named("hello"), absent = named("nobody");
	cleanup_by(buf_release) struct buf out = BUF_INIT(100), small = BUF_INIT(3);
	char path[DIGEST_PATH];
	struct err err = ERR_INIT;

	digest_path(&d, path);
	tempdir_write(&t, path, "jello");
	CHECK(layout_read(&l, &d, &out, &err) < 0 && err.kind == ERR_DIGEST &&
	      strstr(err.msg, path));
	CHECK(layout_read(&l, &d, &small, &err) < 0 && err.kind == ERR_INVALID);
	CHECK(layout_read(&l, &absent, &out, &err) < 0 && err.kind == ERR_NOTFOUND);
	CHECK_ROW(layout_put(&l, &d, "hello", 5, &err) == 0 && layout_commit(&l, &err) == 0 &&
			  layout_read(&l, &d, &out, &err) == 0,
		  "a blob that went bad is replaced");
	layout_close(&l);
}

/* The roots may be links; in the place of a blob, none is followed. */
static void test_links(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct digest d = named("hello");
	cleanup_by(buf_release) struct buf out = BUF_INIT(100);
	struct layout l = LAYOUT_INIT;
	char path[DIGEST_PATH];
	struct err err = ERR_INIT;
	struct stat st;
	int64_t size;

	if (file_make_dirs(t.fd, "m/blobs", &err) < 0 || file_make_dirs(t.fd, "s256", &err) < 0 ||
	    file_make_dirs(t.fd, "s512", &err) < 0 || file_make_dirs(t.fd, "dot", &err) < 0 ||
	    symlinkat("m", t.fd, "mirror") < 0 ||
	    symlinkat("../../s256", t.fd, "m/blobs/sha256") < 0 ||
	    symlinkat("../../s512", t.fd, "m/blobs/sha512") < 0 ||
	    symlinkat("../dot", t.fd, "m/.mirror") < 0)
		abort();
	tempdir_write(&t, "m/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	snprintf(t.path + strlen(t.path), 8, "/mirror");
	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	t.path[strlen(t.path) - strlen("/mirror")] = '\0';
	CHECK(layout_put(&l, &d, "hello", 5, &err) == 0 && layout_commit(&l, &err) == 0);
	CHECK_ROW(layout_has(&l, &d, 5), "a blob beneath roots that are links");
	digest_path(&d, path);
	tempdir_write(&t, "elsewhere", "hello");
	unlinkat(l.root, path, 0);
	if (symlinkat("../elsewhere", l.root, path) < 0)
		abort();
	CHECK_ROW(!layout_has(&l, &d, 5), "a link in a blob's place");
	CHECK(layout_open_blob(&l, &d, &size, &err) < 0 && err.kind == ERR_INVALID &&
	      strstr(err.msg, "is a symbolic link"));
	CHECK(layout_read(&l, &d, &out, &err) < 0 && strstr(err.msg, "is a symbolic link"));
	CHECK(layout_put(&l, &d, "hello", 5, &err) == 0 && layout_commit(&l, &err) == 0 &&
	      layout_has(&l, &d, 5));
	CHECK_ROW(fstatat(l.root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode),
		  "and it is replaced by the blob");
	layout_close(&l);
}

static const struct {
	const char *name;
	const char *says, *is; /* the digest is of `says`, the content is `is` */
	int64_t size;
	enum err_kind kind;
	const char *error;
} lies[] = {
	{ "the truth", "hello", "hello", 5, ERR_NONE, NULL },
	{ "nothing at all", "", "", 0, ERR_NONE, NULL },
	{ "another content", "hello", "jello", 5, ERR_DIGEST, "is not what it says" },
	{ "more than it says", "hello", "hello!", 5, ERR_DIGEST, "goes on after its 5 bytes" },
	{ "less than it says", "hello", "hello", 6, ERR_DIGEST, "ends after 5 of 6 bytes" },
	{ "something where nothing should be", "", "x", 0, ERR_DIGEST, "goes on after its 0" },
	{ "nothing where something should be", "hello", "", 5, ERR_DIGEST, "ends after 0 of 5" },
};

static int write_blob(struct layout *l, const struct digest *d, const char *text, int64_t size,
		      struct err *err)
{
	int64_t have;
	struct layout_blob *b = layout_begin(l, d, size, &have, err);

	if (!b)
		return -1;
	for (; *text; text++)
		if (layout_write(b, text, 1, err) < 0) {
			layout_abandon(b);
			return -1;
		}
	return layout_finish(b, err);
}

static void test_lies(void)
{
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
		struct layout l = open_new(&t);
		struct digest d = named(lies[i].says);
		struct err err = ERR_INIT;
		int r = write_blob(&l, &d, lies[i].is, lies[i].size, &err);

		if (lies[i].kind == ERR_NONE)
			CHECK_ROW(r == 0 && layout_has(&l, &d, lies[i].size), lies[i].name);
		else
			CHECK_ROW(r < 0 && err.kind == lies[i].kind &&
					  strstr(err.msg, lies[i].error) &&
					  strstr(err.msg, d.str) && !layout_has(&l, &d, -1),
				  lies[i].name);
		layout_close(&l);
	}
}

static void test_sha512(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct layout l = open_new(&t);
	struct digest like = { .str = "sha512:" }, d;
	struct err err = ERR_INIT;

	digest_of(&like, "hello", 5, &d);
	CHECK(layout_put(&l, &d, "hello", 5, &err) == 0);
	CHECK(layout_commit(&l, &err) == 0);
	CHECK(tempdir_has(&t, "blobs/sha512") && layout_has(&l, &d, 5));
	layout_close(&l);
}

/* ---- going on where an earlier run stopped ---- */

static const struct {
	const char *name;
	const char *left; /* what is in the partial file */
	mode_t mode;
	int64_t have; /* of "hello world" */
	bool wrong;   /* which only the end tells */
} partials[] = {
	{ "none", NULL, 0, 0, false },
	{ "an empty one", "", 0644, 0, false },
	{ "a beginning", "hello", 0644, 5, false },
	{ "a wrong beginning", "HELLO", 0644, 5, true },
	{ "all of it", "hello world", 0644, 11, false },
	{ "all of it, staged and never committed", "hello world", 0444, 11, false },
	{ "too long: discarded", "hello world!", 0644, 0, false },
	{ "as long and wrong", "hello wORLd", 0644, 11, true },
	{ "staged and torn by a power cut", "hello wor\001\002", 0444, 11, true },
};

static void test_resume(void)
{
	static const char text[] = "hello world";
	struct digest d = named(text);
	char name[DIGEST_MAX + 1];
	cleanup_free char *path = NULL;

	digest_name(&d, name);
	path = xasprintf(".mirror/partial/%s", name);
	for (size_t i = 0; i < sizeof(partials) / sizeof(partials[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
		struct layout l = open_new(&t);
		struct layout_blob *b;
		struct err err = ERR_INIT;
		int64_t have = -1;

		if (partials[i].left) {
			tempdir_write(&t, path, partials[i].left);
			CHECK(fchmodat(t.fd, path, partials[i].mode, 0) == 0);
		}
		CHECK_ROW(layout_begun(&l, &d, 11) == partials[i].have, partials[i].name);
		b = layout_begin(&l, &d, 11, &have, &err);
		CHECK_ROW(b && have == partials[i].have && layout_written(b) == have,
			  partials[i].name);
		CHECK(layout_write(b, text + have, 11 - (size_t)have, &err) == 0);
		if (partials[i].wrong) {
			CHECK(layout_finish(b, &err) < 0 && err.kind == ERR_DIGEST);
			b = layout_begin(&l, &d, 11, &have, &err);
			CHECK_ROW(have == 0 && layout_write(b, text, 11, &err) == 0,
				  "it is not kept for a second try");
		}
		CHECK(layout_finish(b, &err) == 0 && layout_commit(&l, &err) == 0);
		CHECK(layout_has(&l, &d, 11) && !tempdir_has(&t, path));
		layout_close(&l);
	}
}

static void test_wrong_beginning(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct layout l = open_new(&t);
	struct digest d = named("hello world");
	struct layout_blob *b;
	struct err err = ERR_INIT;
	int64_t have;

	b = layout_begin(&l, &d, 11, &have, &err);
	CHECK(layout_write(b, "HELLO", 5, &err) == 0);
	layout_abandon(b);
	b = layout_begin(&l, &d, 11, &have, &err);
	CHECK(have == 5 && layout_write(b, " world", 6, &err) == 0);
	CHECK(layout_finish(b, &err) < 0 && err.kind == ERR_DIGEST);
	b = layout_begin(&l, &d, 11, &have, &err);
	CHECK_ROW(have == 0, "a wrong beginning is not kept for a second try");
	CHECK(layout_write(b, "hello", 5, &err) == 0);
	layout_abandon(b);
	b = layout_begin(&l, &d, 11, &have, &err);
	CHECK(have == 5 && layout_restart(b, &err) == 0 && layout_written(b) == 0);
	CHECK(layout_write(b, "hello world", 11, &err) == 0 && layout_finish(b, &err) == 0);
	layout_close(&l);
	l = open_new(&t);
	b = layout_begin(&l, &d, 11, &have, &err);
	CHECK_ROW(have == 11, "what was staged and not committed is found by the next run");
	CHECK(layout_finish(b, &err) == 0 && layout_commit(&l, &err) == 0);
	layout_close(&l);
}

/* ---- two at a time ---- */

static void test_begun_twice(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct layout l = open_new(&t);
	struct digest d = named("hello");
	struct err err = ERR_INIT;
	int64_t have;
	struct layout_blob *b = layout_begin(&l, &d, 5, &have, &err);

	CHECK(layout_begin(&l, &d, 5, &have, &err) == NULL && err.kind == ERR_INVALID);
	CHECK(layout_write(b, "hello", 5, &err) == 0 && layout_finish(b, &err) == 0);
	CHECK(layout_begin(&l, &d, 6, &have, &err) == NULL && err.kind == ERR_DIGEST);
	b = layout_begin(&l, &d, 5, &have, &err);
	CHECK_ROW(b && have == 5, "what is staged is whole");
	CHECK(layout_restart(b, &err) == 0 && layout_write(b, "12345", 5, &err) == 0 &&
	      layout_finish(b, &err) == 0);
	CHECK(layout_commit(&l, &err) == 0);
	CHECK_ROW(layout_put(&l, &d, "hello", 5, &err) == 0, "and was not written to");
	layout_close(&l);
}

static void put(struct layout *l, const char *text, struct digest *d)
{
	struct err err;

	digest_of(NULL, text, strlen(text), d);
	CHECK(layout_put(l, d, text, strlen(text), &err) == 0);
}

static void test_drop(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct layout l = LAYOUT_INIT;
	struct digest dropped, kept, named;
	struct err err;

	CHECK(layout_open(&l, t.path, LAYOUT_WRITE, &err) == 0);
	put(&l, "committed", &named);
	CHECK(layout_commit(&l, &err) == 0);
	put(&l, "dropped", &dropped);
	put(&l, "kept", &kept);
	layout_keep(&l, &kept);
	layout_drop(&l, &dropped);
	layout_drop(&l, &kept);
	layout_drop(&l, &named);
	CHECK_ROW(!layout_has(&l, &dropped, -1) && layout_begun(&l, &dropped, 100) == 0,
		  "what is dropped is gone");
	CHECK_ROW(layout_has(&l, &kept, -1) && layout_has(&l, &named, -1),
		  "what is kept, or has its name, stays");
	CHECK_ROW(layout_staged(&l) == 1 && l.staged_bytes == 4 && layout_commit(&l, &err) == 0,
		  "and is committed");
	layout_close(&l);
}

static void test_two_writers(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct layout one = open_new(&t), two = open_new(&t);
	struct digest d = named("hello");
	struct err err = ERR_INIT;
	struct layout_blob *a, *b;
	int64_t have;

	a = layout_begin(&one, &d, 5, &have, &err);
	CHECK(layout_write(a, "hel", 3, &err) == 0);
	b = layout_begin(&two, &d, 5, &have, &err);
	CHECK_ROW(b && have == 0, "another writer starts from nothing");
	CHECK(layout_write(b, "hello", 5, &err) == 0 && layout_finish(b, &err) == 0);
	CHECK(layout_write(a, "lo", 2, &err) == 0 && layout_finish(a, &err) == 0);
	CHECK(layout_commit(&two, &err) == 0 && layout_has(&one, &d, 5));
	CHECK(layout_commit(&one, &err) == 0 && layout_has(&two, &d, 5));
	b = layout_begin(&two, &d, 5, &have, &err);
	CHECK(layout_write(b, "he", 2, &err) == 0);
	layout_abandon(b);
	CHECK(tempdir_count(&t, ".mirror/partial") == 2);
	layout_close(&two);
	CHECK_ROW(tempdir_count(&t, ".mirror/partial") == 1,
		  "the second writer's directory goes with it");
	layout_close(&one);
}

static void test_directories_of_dead_writers(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct layout l = open_new(&t);
	struct digest d = named("hello");
	struct err err = ERR_INIT;

	mkdirat(t.fd, ".mirror/partial/other-1-0", 0755);
	tempdir_write(&t, ".mirror/partial/other-1-0/lock", "");
	tempdir_write(&t, ".mirror/partial/other-1-0/sha256-12", "x");
	CHECK(layout_put(&l, &d, "hello", 5, &err) == 0);
	CHECK(!tempdir_has(&t, ".mirror/partial/other-1-0"));
	layout_close(&l);
}

static void make_aged(const struct tempdir *t, const char *name, long days)
{
	struct timespec then[2] = { { .tv_sec = clock_wall() - days * 86400L },
				    { .tv_sec = clock_wall() - days * 86400L } };

	tempdir_write(t, name, "he");
	CHECK(utimensat(t->fd, name, then, 0) == 0);
}

static void test_outdated_partials(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct layout l = open_new(&t), other = open_new(&t);
	struct digest d = named("hello");
	struct err err = ERR_INIT;
	char name[DIGEST_MAX + 1];
	cleanup_free char *kept = NULL;
	struct layout_blob *b;
	int64_t have;

	digest_name(&d, name);
	kept = xasprintf(".mirror/partial/%s", name);
	make_aged(&t, kept, LIMIT_PARTIAL_DAYS - 1);
	make_aged(&t, ".mirror/partial/sha256-12", LIMIT_PARTIAL_DAYS + 1);
	make_aged(&t, ".mirror/partial/sha256-34", -LIMIT_PARTIAL_DAYS * 10);
	b = layout_begin(&l, &d, 5, &have, &err);
	CHECK_ROW(b && have == 2, "what is not old yet is resumed");
	CHECK_ROW(!tempdir_has(&t, ".mirror/partial/sha256-12"), "what is old is gone");
	CHECK_ROW(tempdir_has(&t, ".mirror/partial/sha256-34"), "what is of a day to come stays");
	layout_abandon(b);
	make_aged(&t, kept, LIMIT_PARTIAL_DAYS + 1);
	CHECK(layout_put(&other, &d, "hello", 5, &err) == 0);
	CHECK_ROW(tempdir_has(&t, kept),
		  "only the owner of the directory removes outdated partials");
	layout_close(&other);
	layout_close(&l);
}

/* ---- a lot ---- */

static void test_many(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct layout l = open_new(&t);
	struct err err = ERR_INIT;
	bool ok = true;

	for (int i = 0; i < 2000; i++) {
		cleanup_free char *text = xasprintf("blob %d", i);
		struct digest d = named(text);

		ok = ok && layout_put(&l, &d, text, strlen(text), &err) == 0;
	}
	CHECK(ok && layout_staged(&l) == 2000);
	CHECK(layout_commit(&l, &err) == 0 && tempdir_count(&t, "blobs/sha256") == 2000);
	layout_close(&l);
}

static void test_large(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct layout l = open_new(&t);
	const size_t size = 20 * MIB + 1;
	cleanup_free char *bytes = xcalloc(size, 1);
	struct err err = ERR_INIT;
	struct digest d;
	uint64_t room;

	bytes[size - 1] = 'x';
	digest_of(NULL, bytes, size, &d);
	CHECK(layout_put(&l, &d, bytes, size, &err) == 0 && layout_commit(&l, &err) == 0);
	CHECK(layout_has(&l, &d, (int64_t)size));
	CHECK(layout_free_space(&l, &room, &err) == 0 && room > 0);
	layout_close(&l);
}

/* A disk that has lost the end of it, which no thread has been told to read yet. */
static void test_unreadable(void)
{
	enum { READ = MIB, TAIL = 1000 };
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	cleanup_free char *bytes = xcalloc(1, READ + TAIL), *path = NULL;
	char name[DIGEST_MAX + 1];
	struct layout l = open_new(&t);
	struct layout_blob *b;
	struct err err = ERR_INIT;
	struct digest d;
	int64_t have;

	digest_of(NULL, bytes, READ + TAIL, &d);
	digest_name(&d, name);
	path = xasprintf("%s/.mirror/partial/%s", t.path, name);
	b = layout_begin(&l, &d, READ + TAIL, &have, &err);
	CHECK(layout_write(b, bytes, READ, &err) == 0 && layout_write(b, bytes, TAIL, &err) == 0);
	CHECK(truncate(path, READ) == 0);
	CHECK(layout_finish(b, &err) < 0 && err.kind == ERR_IO);
	CHECK_ROW(strstr(err.msg, "cannot read back") != NULL, "it is told");
	b = layout_begin(&l, &d, READ + TAIL, &have, &err);
	CHECK_ROW(have == 0, "what can't be read back is not kept for a second try");
	layout_abandon(b);
	layout_close(&l);
}

int main(void)
{
	test_directories();
	test_no_directory();
	test_life();
	test_read_refuses();
	test_links();
	test_lies();
	test_sha512();
	test_resume();
	test_wrong_beginning();
	test_begun_twice();
	test_drop();
	test_two_writers();
	test_directories_of_dead_writers();
	test_outdated_partials();
	test_many();
	test_large();
	test_unreadable();
	return tap_done();
}
