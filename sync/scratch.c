#include "sync/scratch.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/store/layout.h"

char *scratch_directory(struct err *err)
{
	char path[] = "/tmp/mirror-sync.XXXXXX";

	if (mkdtemp(path))
		return xstrdup(path);
	err_sys(err, "cannot make directory", path);
	return NULL;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)at;
	(void)!(kind == FTW_DP ? rmdir(path) : unlink(path));
	return 0;
}

void scratch_remove_tree(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int scratch_open(struct layout *l, struct err *err)
{
	cleanup_free char *path = scratch_directory(err);

	return path ? layout_open(l, path, LAYOUT_WRITE, err) : -1;
}

void scratch_remove(struct layout *l)
{
	cleanup_free char *path = NULL;

	if (l->root < 0)
		return;
	path = xstrdup(l->path);
	layout_close(l);
	scratch_remove_tree(path);
}
