#include "oci/store/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"

#define PLACE ".mirror/partial"
#define LOCK  "lock"
#define OTHER "other-"

static int unlink_one(const char *name, void *dir)
{
	unlinkat(*(int *)dir, name, 0);
	return 0;
}

static void remove_own(int parent, int dir, const char *name)
{
	struct err ignored;

	file_walk(dir, ".", unlink_one, &dir, &ignored);
	unlinkat(parent, name, AT_REMOVEDIR);
}

/* A directory whose lock is free belonged to a process that died. */
static void remove_abandoned(int parent, const char *name)
{
	struct err ignored;
	cleanup_fd int dir = file_open_dir(parent, name, &ignored);
	cleanup_fd int lock = dir < 0 ? -1 : file_lock(dir, LOCK, "a cleaner", 0, &ignored);

	if (lock >= 0)
		remove_own(parent, dir, name);
}

/* A file dated in the future (a clock was wrong) is kept. */
static void remove_outdated(int parent, const char *name)
{
	struct stat st;

	if (strcmp(name, LOCK) != 0 && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && clock_wall() - st.st_mtime > LIMIT_PARTIAL_DAYS * 86400L)
		unlinkat(parent, name, 0);
}

/* What cannot be removed now is left to the next owner. */
static int clean_file(const char *name, void *arg)
{
	int parent = *(int *)arg;

	if (strncmp(name, OTHER, strlen(OTHER)) == 0)
		remove_abandoned(parent, name);
	else
		remove_outdated(parent, name);
	return 0;
}

/* Between the mkdir and the lock an owner may take the new directory for that of a dead process:
 * then it is gone, or its lock is, and another name is tried. Gives the lock, or -1. */
static int make_own(int parent, const char *name, int *dir)
{
	struct err ignored;
	struct stat st;
	cleanup_fd int lock = -1;

	if (faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    file_make_dirs(parent, name, &ignored) < 0)
		return -1;
	*dir = file_open_dir(parent, name, &ignored);
	if (*dir < 0)
		return -1;
	lock = file_lock(*dir, LOCK, "a writer", 0, &ignored);
	if (lock >= 0 && fstat(lock, &st) == 0 && st.st_nlink > 0)
		return take_fd(&lock);
	close(take_fd(dir));
	return -1;
}

static int open_own(struct partial *p, int parent, struct err *err)
{
	char name[64];
	int dir = -1, lock = -1;

	for (int n = 0; lock < 0 && n < 100; n++) {
		snprintf(name, sizeof(name), OTHER "%ld-%d", (long)getpid(), n);
		lock = make_own(parent, name, &dir);
	}
	if (lock < 0)
		return err_sys(err, "cannot make a directory in", PLACE);
	*p = (struct partial){ .dir = dir, .lock = lock, .parent = parent, .name = xstrdup(name) };
	return 0;
}

int partial_open(struct partial *p, int root, struct err *err)
{
	cleanup_fd int dir = file_open_dir(root, PLACE, err);
	struct err why = ERR_INIT;
	int lock;

	if (dir < 0)
		return -1;
	lock = file_lock(dir, LOCK, "a writer", 0, &why);
	if (lock < 0 && why.sys == EWOULDBLOCK) {
		if (open_own(p, dir, err) < 0)
			return -1;
		(void)take_fd(&dir);
		return 0;
	}
	if (lock < 0) {
		*err = why;
		return -1;
	}
	file_walk(dir, ".", clean_file, &dir, &why);
	*p = (struct partial){ .dir = take_fd(&dir), .lock = lock, .parent = -1 };
	return 0;
}

void partial_close(struct partial *p)
{
	if (p->name)
		remove_own(p->parent, p->dir, p->name);
	free(p->name);
	if (p->dir >= 0)
		close(p->dir);
	if (p->lock >= 0)
		close(p->lock);
	if (p->parent >= 0)
		close(p->parent);
	*p = (struct partial)PARTIAL_INIT;
}
