/* beneath: what a path below a mirror may lead to. */
#include "oci/store/beneath.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))

/* Links, made below "mirror". */
static const struct {
	const char *at, *to;
} links[] = {
	{ ".mirror", "../records" },
	{ "inside", "index.json" },
	{ "outside", "../secret" },
	{ "magic", "/proc/self/cwd/secret" },
	{ ".mirror/tables", "../secrets" },
	{ ".mirror/own", "state.json" },
	{ ".mirror/up", "../mirror/index.json" },
};

static const struct {
	const char *name, *path;
	int flags, error; /* 0: it is opened */
} rows[] = {
	{ "the index", "index.json", 0, 0 },
	{ "a record, though .mirror is a link", ".mirror/state.json", 0, 0 },
	{ "what is not there", "nothing", 0, ENOENT },
	{ "a record that is not there", ".mirror/nothing", 0, ENOENT },
	{ "a FIFO does not block", "fifo", 0, 0 },
	{ "a link that stays", "inside", 0, 0 },
	{ "a link that stays below .mirror", ".mirror/own", 0, 0 },
	{ "a link, when none is wanted", "inside", O_NOFOLLOW, ELOOP },
	{ "a link that leads out", "outside", 0, EXDEV },
	{ "a link through /proc", "magic", 0, EXDEV },
	{ "a directory that leads out", ".mirror/tables/one", 0, EXDEV },
	{ "the same, for the last name not to be a link", ".mirror/tables/one", O_NOFOLLOW, EXDEV },
	{ "out of .mirror, into the mirror", ".mirror/up", 0, EXDEV },
	{ "a path with dots", "../secret", 0, EXDEV },
	{ "an absolute path", "/etc/passwd", 0, EXDEV },
};

static void fill(const struct tempdir *t)
{
	struct err err = ERR_INIT;

	CHECK_ROW(file_make_dirs(t->fd, "mirror", &err) == 0, "a mirror");
	CHECK_ROW(file_make_dirs(t->fd, "records", &err) == 0, "its records");
	CHECK_ROW(file_make_dirs(t->fd, "secrets", &err) == 0, "what is outside");
	tempdir_write(t, "mirror/index.json", "text");
	tempdir_write(t, "records/state.json", "text");
	tempdir_write(t, "secret", "secret");
	tempdir_write(t, "secrets/one", "secret");
	CHECK_ROW(mkfifoat(t->fd, "mirror/fifo", 0600) == 0, "a FIFO");
}

static bool has_openat2(void)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC };
	cleanup_fd int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));

	return fd >= 0;
}

int main(void)
{
	struct tempdir t = tempdir_new();
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(KIB);
	cleanup_fd int root = -1;
	struct err err = ERR_INIT;

	fill(&t);
	root = openat(t.fd, "mirror", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < COUNT(links); i++)
		CHECK_ROW(symlinkat(links[i].to, root, links[i].at) == 0, links[i].at);
	for (size_t i = 0; i < COUNT(rows); i++) {
		cleanup_fd int fd = -1;

		if (rows[i].error == EXDEV && !has_openat2())
			continue;
		errno = 0;
		fd = beneath_open(root, rows[i].path, rows[i].flags);
		CHECK_ROW(fd >= 0 ? !rows[i].error : errno == rows[i].error, rows[i].name);
	}
	CHECK_ROW(beneath_read(root, ".mirror/state.json", &bytes, &err) == 0, "it is read");
	CHECK_TEXT(bytes.p, "text", "whole");
	CHECK_ROW(beneath_read(root, "nothing", &bytes, &err) < 0 && err.kind == ERR_NOTFOUND,
		  "what is not there is NOTFOUND");
	CHECK_ROW(beneath_read(root, "fifo", &bytes, &err) < 0 && err.kind == ERR_INVALID,
		  "a FIFO is no file");
	if (has_openat2()) {
		CHECK_ROW(beneath_read(root, "outside", &bytes, &err) < 0, "it leads out");
		CHECK_ROW(err.kind == ERR_INVALID && bytes.n == 0, "nothing of it is read");
		CHECK_ROW(strstr(err.msg, "\"outside\" leads out of the mirror") != NULL, err.msg);
	}
	tempdir_release(&t);
	return tap_done();
}
