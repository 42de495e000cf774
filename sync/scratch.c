#include "sync/scratch.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "oci/err.h"
#include "oci/layout.h"
#include "oci/own.h"

int scratch_open(struct layout *l, struct err *err)
{
	char path[] = "/tmp/mirror-sync.XXXXXX";

	if (!mkdtemp(path))
		return err_sys(err, "cannot make directory", path);
	return layout_open(l, path, LAYOUT_WRITE, err);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)at;
	return kind == FTW_DP ? rmdir(path) : unlink(path);
}

void scratch_remove(struct layout *l)
{
	own_free char *path = NULL;

	if (l->root < 0)
		return;
	path = xstrdup(l->path);
	layout_close(l);
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
