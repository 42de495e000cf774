#include "oci/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

static void test_replace(int dir)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(10);
	struct err err;
	struct stat st;

	CHECK(file_replace(dir, "a", "one", 3, 0644, &err) == 0);
	CHECK(file_replace(dir, "a", "two!", 4, 0444, &err) == 0);
	CHECK(file_read(dir, "a", &b, &err) == 0);
	CHECK_TEXT(b.p, "two!", "the second write is what is read");
	CHECK_ROW(fstatat(dir, "a", &st, 0) == 0 && (st.st_mode & 0777) == 0444,
		  "its mode is as asked");
	CHECK_ROW(file_replace(dir, "no/such", "x", 1, 0644, &err) < 0 &&
			  err.kind == ERR_NOTFOUND && strstr(err.msg, "no/such"),
		  "a missing directory is named");
	mkdirat(dir, "d", 0755);
	mkdirat(dir, "d/sub", 0755);
	CHECK_ROW(file_replace(dir, "d", "x", 1, 0644, &err) < 0 && strstr(err.msg, "\"d\""),
		  "a directory is not replaced");
}

static void test_read(int dir)
{
	static const struct {
		const char *name, *path;
		enum err_kind kind;
		const char *says;
	} rows[] = {
		{ "a missing file", "nothing", ERR_NOTFOUND, "nothing" },
		{ "a directory", "d", ERR_INVALID, "not a regular file" },
		{ "a file over the ceiling", "big", ERR_INVALID, "more than the 10 allowed" },
		{ "a pipe does not block", "pipe", ERR_INVALID, "not a regular file" },
	};
	cleanup_by(buf_release) struct buf b = BUF_INIT(10);
	struct err err;

	mkfifoat(dir, "pipe", 0644);
	file_replace(dir, "big", "elevenbytes", 11, 0644, &err);
	file_replace(dir, "just", "tenbytes..", 10, 0644, &err);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(file_read(dir, rows[i].path, &b, &err) < 0 && err.kind == rows[i].kind &&
				  strstr(err.msg, rows[i].says),
			  rows[i].name);
	CHECK_ROW(file_read(dir, "just", &b, &err) == 0 && b.n == 10,
		  "exactly the ceiling is read");
	file_replace(dir, "empty", "", 0, 0644, &err);
	CHECK_ROW(file_read(dir, "empty", &b, &err) == 0 && b.n == 0, "an empty file is read");
}

static void test_lock(int dir)
{
	cleanup_fd int mine = -1;
	struct err err;
	int status;
	pid_t child;

	mine = file_lock(dir, "lock", "mirror-test", 0, &err);
	CHECK_ROW(mine >= 0, "a free lock is taken");
	child = fork();
	if (child == 0) {
		int theirs = file_lock(dir, "lock", "other", 0, &err);

		_exit(theirs < 0 && err.kind == ERR_IO && err.sys == EWOULDBLOCK &&
				      strstr(err.msg, "mirror-test, process")
			      ? 0
			      : 1);
	}
	waitpid(child, &status, 0);
	CHECK_ROW(status == 0, "a second process is told who holds it");
	close(take_fd(&mine));
	mine = file_lock(dir, "lock", "again", 0, &err);
	CHECK_ROW(mine >= 0, "closing it lets it go");
}

static int count(const char *name, void *arg)
{
	int *n = arg;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		*n += 1000;
	++*n;
	return 0;
}

static int stop_at_once(const char *name, void *arg)
{
	(void)name;
	(void)arg;
	return 7;
}

static void test_dirs(int dir)
{
	struct err err;
	int n = 0;

	CHECK(file_make_dirs(dir, "x/y/z", &err) == 0);
	CHECK_ROW(file_make_dirs(dir, "x/y/z", &err) == 0, "directories that are there are fine");
	CHECK_ROW(file_make_dirs(dir, "just/x", &err) < 0, "a file in the way is not");
	CHECK(file_replace(dir, "x/y/f", "1", 1, 0644, &err) == 0);
	CHECK(file_walk(dir, "x/y", count, &n, &err) == 0);
	CHECK_ROW(n == 2, "a walk meets everything but . and ..");
	CHECK_ROW(file_walk(dir, "x/y", stop_at_once, NULL, &err) == 7, "a walk ends when told");
	CHECK_ROW(file_walk(dir, "no", count, &n, &err) < 0 && err.kind == ERR_NOTFOUND,
		  "a missing directory is not found");
	CHECK(file_sync_dir(dir, "x", &err) == 0);
}

/* The directory decides what others may do with what is made in it. */
static void test_modes(int dir)
{
	static const struct {
		const char *name;
		mode_t dir, file, read_only, sub;
	} rows[] = {
		{ "for everybody", 0755, 0644, 0444, 0755 },
		{ "for everybody, with the owner's group", 0775, 0644, 0444, 0755 },
		{ "for the group", 0750, 0640, 0440, 0750 },
		{ "for the owner", 0700, 0600, 0400, 0700 },
		{ "shared by a group", 02775, 0664, 0444, 02775 },
		{ "shared by a group, closed to others", 02770, 0660, 0440, 02770 },
		{ "setgid, and written by the owner", 02755, 0644, 0444, 02755 },
	};
	const mode_t masks[] = { 0, 022, 077 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) * 3; i++) {
		mode_t mask = umask(masks[i % 3]);
		cleanup_fd int d = -1, fd = -1;
		struct stat st = { 0 };
		struct err err;

		if (mkdirat(dir, "place", 0700) < 0 ||
		    fchmodat(dir, "place", rows[i / 3].dir, 0) < 0)
			abort();
		d = openat(dir, "place", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK_ROW(file_make_dirs(d, "x/y", &err) == 0 && fstatat(d, "x/y", &st, 0) == 0 &&
				  (st.st_mode & 07777) == rows[i / 3].sub,
			  rows[i / 3].name);
		CHECK_ROW(file_replace(d, "x/y/f", "", 0, 0444, &err) == 0 &&
				  fstatat(d, "x/y/f", &st, 0) == 0 &&
				  (st.st_mode & 07777) == rows[i / 3].read_only,
			  rows[i / 3].name);
		fd = file_open_or_create(d, "x/log", O_RDWR, 0644);
		CHECK_ROW(fd >= 0 && fstat(fd, &st) == 0 &&
				  (st.st_mode & 07777) == rows[i / 3].file,
			  rows[i / 3].name);
		unlinkat(d, "x/y/f", 0);
		unlinkat(d, "x/log", 0);
		unlinkat(d, "x/y", AT_REMOVEDIR);
		unlinkat(d, "x", AT_REMOVEDIR);
		unlinkat(dir, "place", AT_REMOVEDIR);
		umask(mask);
	}
}

int main(void)
{
	char path[] = "/tmp/file-test.XXXXXX";
	cleanup_free char *clean = NULL;
	cleanup_fd int dir = -1;
	struct err err;

	if (!mkdtemp(path))
		return 1;
	clean = xasprintf("rm -rf %s", path);
	if (chmod(path, 0755) < 0)
		return 1;
	dir = file_open_dir(AT_FDCWD, path, &err);
	test_replace(dir);
	test_read(dir);
	test_lock(dir);
	test_dirs(dir);
	test_modes(dir);
	return system(clean) | tap_done();
}
