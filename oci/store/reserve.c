#include "oci/store/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/store/layout.h"

#define PATH ".mirror/reserve"

/* A publication writes index.json twice (once as a generation), and journal lines. */
static off_t needed_size(const struct layout *l)
{
	struct stat index = { .st_size = 0 };

	(void)fstatat(l->root, "index.json", &index, 0);
	return 3 * index.st_size + (off_t)(64 * KIB);
}

void reserve_keep(const struct layout *l)
{
	off_t size = needed_size(l);
	cleanup_fd int fd = file_open_or_create(l->root, PATH, O_RDWR, 0644);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size >= size)
		return;
	/* a file of holes would reserve nothing, so it is not kept */
	if (fallocate(fd, 0, 0, size) < 0)
		unlinkat(l->root, PATH, 0);
}

bool reserve_spend(const struct layout *l, const struct err *err)
{
	return (err->sys == ENOSPC || err->sys == EDQUOT) && unlinkat(l->root, PATH, 0) == 0;
}
