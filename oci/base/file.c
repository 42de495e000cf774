#include "oci/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"

int file_read(int dir, const char *path, struct buf *out, struct err *err)
{
	cleanup_fd int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	buf_clear(out);
	return fd < 0 ? err_sys(err, "cannot open", path) : file_read_open(fd, path, out, err);
}

int file_read_open(int fd, const char *path, struct buf *out, struct err *err)
{
	struct stat st;

	buf_clear(out);
	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot open", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, 0, "\"%s\" is not a regular file", path);
	if (st.st_size > (off_t)out->max)
		return err_set(err, ERR_INVALID, 0,
			       "\"%s\" has %lld bytes, more than the %zu allowed", path,
			       (long long)st.st_size, out->max);
	/* the size may be wrong (a file that grows, /proc): read until the end in any case */
	for (size_t want = (size_t)st.st_size + 1;; want = 64 * 1024) {
		size_t left = out->max - out->n;
		char *space = buf_reserve(out, want < left ? want : left);
		ssize_t n = space ? read(fd, space, want < left ? want : left) : 0;

		if (n < 0)
			return err_sys(err, "cannot read", path);
		if (n == 0)
			break;
		out->n += (size_t)n;
		out->p[out->n] = '\0';
	}
	return 0;
}

int file_write(int fd, const void *p, size_t n, const char *name, struct err *err)
{
	const char *at = p;

	while (n) {
		ssize_t done = write(fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(err, "cannot write", name);
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

/* ---- modes ---- */

mode_t file_mode_in(const struct stat *dir, mode_t mode)
{
	bool shared = (dir->st_mode & S_ISGID) && (dir->st_mode & S_IWGRP);

	if (!(dir->st_mode & S_IXGRP))
		mode &= ~(mode_t)S_IRWXG;
	if (!(dir->st_mode & S_IXOTH))
		mode &= ~(mode_t)S_IRWXO;
	return shared && (mode & S_IWUSR) ? mode | S_IWGRP : mode;
}

/* The directory that holds path. */
static int stat_parent(int dir, const char *path, struct stat *st)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *parent =
		slash ? xstrndup(path, slash == path ? 1 : (size_t)(slash - path)) : xstrdup(".");

	return fstatat(dir, parent, st, 0);
}

int file_set_mode(int fd, int dir, const char *path, mode_t mode)
{
	struct stat st;

	return stat_parent(dir, path, &st) < 0 ? -1 : fchmod(fd, file_mode_in(&st, mode));
}

/* A FIFO or a device in a file's place is never opened for good: reading it could wait for ever. */
static int open_regular(int dir, const char *path, int flags)
{
	cleanup_fd int fd = openat(dir, path, flags | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = ENXIO;
		return -1;
	}
	return take_fd(&fd);
}

int file_open_or_create(int dir, const char *path, int flags, mode_t mode)
{
	int fd;

	flags |= O_CLOEXEC | O_NOFOLLOW;
	do {
		fd = open_regular(dir, path, flags);
		if (fd >= 0 || errno != ENOENT)
			return fd;
		fd = openat(dir, path, flags | O_CREAT | O_EXCL, mode & S_IRWXU);
	} while (fd < 0 && errno == EEXIST); /* another process made it just now */
	/* a file system without modes has none to set */
	if (fd >= 0)
		(void)!file_set_mode(fd, dir, path, mode);
	return fd;
}

/* ---- writing ---- */

/* Messages name `path`, not the temporary file. */
static int write_durably(int dir, const char *temporary, const void *p, size_t n, mode_t mode,
			 const char *path, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	cleanup_fd int fd = openat(dir, temporary, flags, mode & S_IRWXU);

	if (fd < 0)
		return err_sys(err, "cannot create", path);
	if (file_write(fd, p, n, path, err) < 0)
		return -1;
	if (file_set_mode(fd, dir, path, mode) < 0 || fsync(fd) < 0)
		return err_sys(err, "cannot make durable", path);
	/* some file systems report a full disk only here */
	if (close(take_fd(&fd)) < 0)
		return err_sys(err, "cannot close", path);
	return 0;
}

int file_replace(int dir, const char *path, const void *p, size_t n, mode_t mode, struct err *err)
{
	cleanup_free char *temporary = xasprintf("%s.%ld.tmp", path, (long)getpid());

	unlinkat(dir, temporary, 0); /* left by a killed process that had this process id */
	if (write_durably(dir, temporary, p, n, mode, path, err) < 0) {
		unlinkat(dir, temporary, 0);
		return -1;
	}
	if (renameat(dir, temporary, dir, path) < 0) {
		err_sys(err, "cannot replace", path);
		unlinkat(dir, temporary, 0);
		return -1;
	}
	return 0;
}

int file_open_dir(int dir, const char *path, struct err *err)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(err, "cannot open directory", path) : fd;
}

int file_same_mount(int dir, const char *a, const char *b, bool *same, struct err *err)
{
	const unsigned want = STATX_TYPE | STATX_MNT_ID;
	struct statx x, y;

	if (statx(dir, a, AT_STATX_SYNC_AS_STAT, want, &x) < 0)
		return err_sys(err, "cannot look at", a);
	if (statx(dir, b, AT_STATX_SYNC_AS_STAT, want, &y) < 0)
		return err_sys(err, "cannot look at", b);
	/* an older kernel does not tell the mount */
	*same = x.stx_dev_major == y.stx_dev_major && x.stx_dev_minor == y.stx_dev_minor &&
		(!(x.stx_mask & y.stx_mask & STATX_MNT_ID) || x.stx_mnt_id == y.stx_mnt_id);
	return 0;
}

int file_sync_dir(int dir, const char *path, struct err *err)
{
	cleanup_fd int fd = file_open_dir(dir, path, err);

	if (fd < 0)
		return -1;
	if (fsync(fd) < 0)
		return err_sys(err, "cannot make durable", path);
	return 0;
}

/* Below a directory handle, the directory above decides the mode; elsewhere, the umask does. */
static int make_dir(int dir, const char *path)
{
	struct stat above;
	mode_t mode;

	if (mkdirat(dir, path, 0755) < 0)
		return errno == EEXIST ? 0 : -1;
	if (dir == AT_FDCWD || stat_parent(dir, path, &above) < 0)
		return 0;
	mode = file_mode_in(&above, 0755) | (above.st_mode & S_ISGID);
	return fchmodat(dir, path, mode, 0);
}

int file_make_dirs(int dir, const char *path, struct err *err)
{
	cleanup_free char *copy = xstrdup(path);

	for (char *slash = strchr(copy + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (make_dir(dir, copy) < 0)
			return err_sys(err, "cannot make directory", copy);
		if (!slash)
			return 0;
		*slash = '/';
	}
}

/* The holder of the lock, as it wrote itself into the file; "" when it did not. */
static void read_holder(int fd, char *out, size_t n)
{
	ssize_t got = pread(fd, out, n - 1, 0);

	out[got > 0 ? got : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static int locked_by_other(int fd, const char *path, struct err *err)
{
	char holder[200];

	read_holder(fd, holder, sizeof(holder));
	return err_set(err, ERR_IO, EWOULDBLOCK, "\"%s\" is locked by %s", path,
		       holder[0] ? holder : "another process");
}

/* flock has no timeout, and an alarm would act on the whole program: try ten times a second. */
static int lock_within(int fd, int wait)
{
	int64_t deadline = clock_now() + wait * CLOCK_SEC;
	const struct timespec pause = { .tv_sec = 0, .tv_nsec = 100 * CLOCK_MS };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (clock_now() >= deadline) {
			errno = EWOULDBLOCK;
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

int file_lock(int dir, const char *path, const char *who, int wait, struct err *err)
{
	cleanup_fd int fd = file_open_or_create(dir, path, O_RDWR, 0644);
	char since[CLOCK_RFC3339], line[200];
	int n;

	if (fd < 0)
		return err_sys(err, "cannot open", path);
	if (lock_within(fd, wait) < 0)
		return errno == EWOULDBLOCK ? locked_by_other(fd, path, err)
					    : err_sys(err, "cannot lock", path);
	clock_rfc3339(clock_wall(), since);
	n = snprintf(line, sizeof(line), "%s, process %ld, since %s\n", who, (long)getpid(), since);
	if (n >= (int)sizeof(line))
		n = sizeof(line) - 1;
	/* the text is only for messages: a full disk must not keep us from the lock */
	if (ftruncate(fd, 0) == 0 && pwrite(fd, line, (size_t)n, 0) < n)
		(void)!ftruncate(fd, 0);
	return take_fd(&fd);
}

static void cleanup_dir_(DIR **d)
{
	if (*d)
		closedir(*d);
}

int file_walk(int dir, const char *path, int (*each)(const char *name, void *arg), void *arg,
	      struct err *err)
{
	cleanup_fd int fd = file_open_dir(dir, path, err);
	__attribute__((cleanup(cleanup_dir_))) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d)
		return fd < 0 ? -1 : err_sys(err, "cannot read directory", path);
	(void)take_fd(&fd); /* closedir closes it */
	while ((e = readdir(d))) {
		int r;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		r = each(e->d_name, arg);
		if (r)
			return r;
	}
	return 0;
}
