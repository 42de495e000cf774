/*
 * file - files below a directory handle: read whole with a ceiling, replace atomically, lock, walk.
 *
 * Paths are relative to `dir` (an open directory, or AT_FDCWD). Callers validate names that come
 * from a server or a client before they make a path of them.
 */
#ifndef OCI_BASE_FILE_H
#define OCI_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

struct buf;
struct err;

/* Reads the whole file into out, which is emptied first. NOTFOUND when there is no such file,
 * INVALID when it is larger than the ceiling of out, or not a regular file. */
int file_read(int dir, const char *path, struct buf *out, struct err *err);

/* The same for a file that is open for reading at its beginning; path is for messages. */
int file_read_open(int fd, const char *path, struct buf *out, struct err *err);

/* Replaces path by a file of exactly these bytes and of file_mode_in(), or leaves it as it was:
 * temporary file, fsync, rename. The directory is not synced: file_sync_dir() does that, once for
 * many files. */
int file_replace(int dir, const char *path, const void *p, size_t n, mode_t mode, struct err *err);

/* Makes renames in that directory durable. */
int file_sync_dir(int dir, const char *path, struct err *err);

/*
 * The mode of what is created in a directory. The directory decides, not the umask: its group and
 * others get nothing of `mode` when they may not enter the directory, and what its owner may write
 * in a directory that is setgid and writable by its group, the group may write.
 */
mode_t file_mode_in(const struct stat *dir, mode_t mode);
/* Gives the open file that mode; path, below dir, names its place. -1 with errno. */
int file_set_mode(int fd, int dir, const char *path, mode_t mode);
/* As openat(), without following a link, and with ENXIO for what is no regular file, without a
 * wait; a file that is created has file_mode_in(). flags has the access mode. Gives the descriptor,
 * or -1 with errno. */
int file_open_or_create(int dir, const char *path, int flags, mode_t mode);

/* Creates path and its missing parents, as mkdir -p. Below a directory handle (dir is not AT_FDCWD)
 * each has file_mode_in() of the directory above, and its setgid bit. */
int file_make_dirs(int dir, const char *path, struct err *err);

/* Opens path as a directory handle, close-on-exec. Gives the descriptor or -1. */
int file_open_dir(int dir, const char *path, struct err *err);

/* Whether a file can be renamed from one of these directories to the other: they are on one mount
 * of one file system. */
int file_same_mount(int dir, const char *a, const char *b, bool *same, struct err *err);

/* Writes all of p; short writes are continued. */
int file_write(int fd, const void *p, size_t n, const char *name, struct err *err);

/*
 * Takes the exclusive flock on path (created when missing), waiting up to `wait` seconds, and
 * writes the holder into the file: "WHO, process 4711, since ...". Gives the descriptor, whose
 * close releases the lock, or -1: IO with sys EWOULDBLOCK and the holder in the message when
 * another process has it.
 */
int file_lock(int dir, const char *path, const char *who, int wait, struct err *err);

/* Calls each(name, arg) for every entry of a directory but "." and "..", in no order. A result
 * other than 0 ends the walk and is returned. NOTFOUND when there is no such directory. */
int file_walk(int dir, const char *path, int (*each)(const char *name, void *arg), void *arg,
	      struct err *err);

#endif
