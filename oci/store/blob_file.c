#include "oci/store/blob_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/cleanup.h"

static const char *const words[] = {
	[BLOB_FILE_HERE] = "",
	[BLOB_FILE_ABSENT] = "is missing",
	[BLOB_FILE_LINK] = "is a symbolic link, which is not followed",
	[BLOB_FILE_NO_FILE] = "is not a regular file",
	[BLOB_FILE_SIZE] = "has another size",
	[BLOB_FILE_DENIED] = "may not be read by this user",
	[BLOB_FILE_BUSY] = "cannot be looked at for lack of descriptors or memory",
	[BLOB_FILE_DISK] = "cannot be looked at",
};

const char *blob_file_words(enum blob_file f)
{
	return words[f];
}

static enum blob_file judge_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENXIO: return BLOB_FILE_ABSENT;
	case ELOOP: return BLOB_FILE_LINK;
	case EACCES:
	case EPERM: return BLOB_FILE_DENIED;
	case EMFILE:
	case ENFILE:
	case ENOMEM: return BLOB_FILE_BUSY;
	default: return BLOB_FILE_DISK;
	}
}

static enum blob_file judge_stat(const struct stat *st, int64_t size)
{
	if (S_ISLNK(st->st_mode)) {
		errno = ELOOP;
		return BLOB_FILE_LINK;
	}
	if (!S_ISREG(st->st_mode))
		return BLOB_FILE_NO_FILE;
	return size < 0 || st->st_size == size ? BLOB_FILE_HERE : BLOB_FILE_SIZE;
}

enum blob_file blob_file_look(int dir, const char *name, int64_t size, int64_t *found, int *fd)
{
	/* O_NONBLOCK: a FIFO must not block the thread */
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	cleanup_fd int file = -1;
	enum blob_file f;
	struct stat st;
	int r;

	if (dir < 0)
		return judge_errno(errno = ENOENT);
	if (fd) {
		file = openat(dir, name, flags);
		r = file < 0 ? -1 : fstat(file, &st);
	} else {
		r = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);
	}
	if (r < 0)
		return judge_errno(errno);
	f = judge_stat(&st, size);
	if (found && S_ISREG(st.st_mode))
		*found = st.st_size;
	if (fd && f == BLOB_FILE_HERE)
		*fd = take_fd(&file);
	return f;
}
