/*
 * tempdir - a directory of a test's own, gone when its scope ends.
 */
#ifndef TESTS_UNIT_TEMPDIR_H
#define TESTS_UNIT_TEMPDIR_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/err.h"
#include "oci/base/file.h"

struct tempdir {
	char path[PATH_MAX];
	int fd;
};

static inline struct tempdir tempdir_new(void)
{
	const char *where = getenv("TMPDIR");
	struct tempdir t;

	snprintf(t.path, sizeof(t.path), "%s/mirror-test-XXXXXX", where ? where : "/tmp");
	/* a directory as a mirror has it: what is made in it follows its mode */
	if (!mkdtemp(t.path) || chmod(t.path, 0755) < 0)
		abort();
	t.fd = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return t;
}

static inline int tempdir_remove_one(const char *path, const struct stat *st, int type,
				     struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tempdir_release(struct tempdir *t)
{
	close(t->fd);
	nftw(t->path, tempdir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Puts a file there, as another program would: in place. */
static inline void tempdir_write(const struct tempdir *t, const char *name, const char *text)
{
	int fd = openat(t->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

static inline bool tempdir_has(const struct tempdir *t, const char *name)
{
	return faccessat(t->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline int tempdir_count_one(const char *name, void *n)
{
	(void)name;
	++*(int *)n;
	return 0;
}

static inline int tempdir_count(const struct tempdir *t, const char *name)
{
	struct err err;
	int n = 0;

	return file_walk(t->fd, name, tempdir_count_one, &n, &err) < 0 ? -1 : n;
}

#endif
