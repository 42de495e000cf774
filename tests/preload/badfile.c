/*
 * badfile - a disk that cannot read one file.
 *
 *	LD_PRELOAD=badfile.so BADFILE=SIZE program
 *
 * read(2), pread(2) and sendfile(2) of a regular file of exactly SIZE bytes fail with EIO; of
 * sendfile, from the second megabyte on, so that a transfer is under way.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define FRONT (1024L * 1024)

static bool is_bad(int fd)
{
	const char *size = getenv("BADFILE");
	struct stat st;

	return size && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == strtol(size, NULL, 10);
}

/* The C library names the parameters with underscores, which are its own. */
ssize_t read(int fd, void *p, size_t n) /* NOLINT(readability-inconsistent-*) */
{
	if (!is_bad(fd))
		return syscall(SYS_read, fd, p, n);
	errno = EIO;
	return -1;
}

ssize_t pread(int fd, void *p, size_t n, off_t at) /* NOLINT(readability-inconsistent-*) */
{
	if (!is_bad(fd) || at < FRONT)
		return syscall(SYS_pread64, fd, p, n, at);
	errno = EIO;
	return -1;
}

ssize_t pread64(int fd, void *p, size_t n, off_t at) /* NOLINT(readability-inconsistent-*) */
{
	return pread(fd, p, n, at);
}

ssize_t sendfile(int out, int in, off_t *at, size_t n) /* NOLINT(readability-inconsistent-*) */
{
	if (!is_bad(in) || *at < FRONT)
		return syscall(SYS_sendfile, out, in, at,
			       is_bad(in) && n > FRONT ? (size_t)FRONT : n);
	errno = EIO;
	return -1;
}

ssize_t sendfile64(int out, int in, off_t *at, size_t n) /* NOLINT(readability-inconsistent-*) */
{
	return sendfile(out, in, at, n);
}
