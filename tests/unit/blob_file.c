#include "oci/store/blob_file.h"

#include <errno.h>

#include "oci/base/cleanup.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

static void make_file(const struct tempdir *t)
{
	tempdir_write(t, "blob", "hello");
}

static void make_link(const struct tempdir *t)
{
	tempdir_write(t, "elsewhere", "hello");
	if (symlinkat("elsewhere", t->fd, "blob") < 0)
		abort();
}

static void make_dangling(const struct tempdir *t)
{
	if (symlinkat("nowhere", t->fd, "blob") < 0)
		abort();
}

static void make_dir(const struct tempdir *t)
{
	if (mkdirat(t->fd, "blob", 0755) < 0)
		abort();
}

static void make_fifo(const struct tempdir *t)
{
	if (mkfifoat(t->fd, "blob", 0644) < 0)
		abort();
}

static void make_nothing(const struct tempdir *t)
{
	(void)t;
}

static const struct {
	const char *name;
	void (*make)(const struct tempdir *t);
	int64_t size;
	enum blob_file is;
	const char *words;
} rows[] = {
	{ "a file of its size", make_file, 5, BLOB_FILE_HERE, "" },
	{ "a file, of any size", make_file, -1, BLOB_FILE_HERE, "" },
	{ "a file of another size", make_file, 4, BLOB_FILE_SIZE, "has another size" },
	{ "no file", make_nothing, 5, BLOB_FILE_ABSENT, "is missing" },
	{ "a link to a file of its size", make_link, 5, BLOB_FILE_LINK,
	  "is a symbolic link, which is not followed" },
	{ "a link to any file", make_link, -1, BLOB_FILE_LINK,
	  "is a symbolic link, which is not followed" },
	{ "a link to nothing", make_dangling, -1, BLOB_FILE_LINK,
	  "is a symbolic link, which is not followed" },
	{ "a directory", make_dir, -1, BLOB_FILE_NO_FILE, "is not a regular file" },
	{ "a FIFO holds nobody up", make_fifo, -1, BLOB_FILE_NO_FILE, "is not a regular file" },
};

/* Looking, and opening, come to one judgement. */
static void test_judgement(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
		int64_t found = -7;
		int fd = -1;

		rows[i].make(&t);
		CHECK_ROW(blob_file_look(t.fd, "blob", rows[i].size, &found, NULL) == rows[i].is,
			  rows[i].name);
		CHECK_ROW(found == (rows[i].make == make_file ? 5 : -7), rows[i].name);
		CHECK_ROW(blob_file_look(t.fd, "blob", rows[i].size, NULL, &fd) == rows[i].is,
			  rows[i].name);
		CHECK_ROW((fd >= 0) == (rows[i].is == BLOB_FILE_HERE), rows[i].name);
		CHECK_TEXT(blob_file_words(rows[i].is), rows[i].words, rows[i].name);
		cleanup_fd_(&fd);
	}
}

static void test_no_directory(void)
{
	CHECK(blob_file_look(-1, "blob", -1, NULL, NULL) == BLOB_FILE_ABSENT && errno == ENOENT);
}

int main(void)
{
	test_judgement();
	test_no_directory();
	return tap_done();
}
