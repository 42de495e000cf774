#include "oci/store/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/span.h"

#define RECORDS ".mirror/"

/* How often a path is resolved again when a directory of it is renamed meanwhile. */
#define TRIES 8

static int open_at(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	errno = EAGAIN;
	for (int i = 0; i < TRIES && fd < 0 && errno == EAGAIN; i++)
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return openat(root, path, flags);
	return (int)fd;
}

int beneath_open(int root, const char *path, int flags)
{
	int records, fd, error;

	flags |= O_RDONLY | O_CLOEXEC | O_NONBLOCK;
	if (!span_starts(span_str(path), RECORDS))
		return open_at(root, path, flags);
	records = openat(root, RECORDS, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (records < 0)
		return -1;
	fd = open_at(records, path + strlen(RECORDS), flags);
	error = errno;
	close(records);
	errno = error;
	return fd;
}

int beneath_failed(const char *path, struct err *err)
{
	if (errno != EXDEV)
		return err_sys(err, "cannot open", path);
	return err_set(err, ERR_INVALID, EXDEV,
		       "\"%s\" leads out of the mirror by a symbolic link, which is not followed: "
		       "put what it points at in its place",
		       path);
}

int beneath_read(int root, const char *path, struct buf *out, struct err *err)
{
	cleanup_fd int fd = beneath_open(root, path, 0);

	buf_clear(out);
	return fd < 0 ? beneath_failed(path, err) : file_read_open(fd, path, out, err);
}
