#include "sync/disk_space.h"

#include <errno.h>
#include <string.h>

#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/cli/format.h"
#include "oci/store/layout.h"
#include "sync/fetch.h"

/* What a disk has left when it is full: not even an index.json can be written. */
#define FULL (64 * KIB)

int disk_space_check(const struct disk_space *s, int64_t bytes, struct err *err)
{
	char needs[32], left[32];
	uint64_t space, awaited;

	if (layout_free_space(s->layout, &space, err) < 0)
		return -1;
	if (space >= s->promised + (uint64_t)bytes)
		return 0;
	if (space < FULL)
		return err_set(err, ERR_IO, ENOSPC, "%s: %s", s->layout->path, strerror(ENOSPC));
	/* of the promised bytes, those that have arrived are not free any more: subtract the
	 * others */
	awaited = fetch_awaited(s->fetch);
	space = space > awaited ? space - awaited : 0;
	if (space >= (uint64_t)bytes)
		return 0;
	format_bytes((uint64_t)bytes, needs, sizeof(needs));
	format_bytes(space, left, sizeof(left));
	return err_set(err, ERR_INVALID, 0, "needs %s, and the disk has %s left for it", needs,
		       left);
}

bool disk_space_is_lacking(const struct err *err)
{
	return err->kind == ERR_IO && (err->sys == ENOSPC || err->sys == EDQUOT);
}

bool disk_space_note(struct disk_space *s, const struct err *err)
{
	if (!disk_space_is_lacking(err))
		return false;
	if (s->full.kind == ERR_NONE)
		s->full = *err;
	return true;
}

void disk_space_promise(struct disk_space *s, int64_t bytes)
{
	s->promised += (uint64_t)bytes;
}

void disk_space_give_back(struct disk_space *s, int64_t bytes)
{
	s->promised -= (uint64_t)bytes;
}
