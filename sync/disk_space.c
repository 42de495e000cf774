#include "sync/disk_space.h"

#include "oci/base/err.h"
#include "oci/cli/format.h"
#include "oci/store/layout.h"
#include "sync/fetch.h"

int disk_space_check_policy(const struct disk_space *s, int64_t bytes, struct err *err)
{
	char needs[32], allowed[32];

	if (s->max_bytes < 0 || bytes <= s->max_bytes)
		return 0;
	format_bytes((uint64_t)bytes, needs, sizeof(needs));
	format_bytes((uint64_t)s->max_bytes, allowed, sizeof(allowed));
	return err_set(err, ERR_USAGE, 0,
		       "needs %s, more than the %s of the policy's max-bytes=", needs, allowed);
}

int disk_space_check(const struct disk_space *s, int64_t bytes, bool *no_space, struct err *err)
{
	char needs[32], left[32];
	uint64_t space, awaited;

	if (layout_free_space(s->layout, &space, err) < 0)
		return -1;
	if (space >= s->promised + (uint64_t)bytes)
		return 0;
	/* of the promised bytes, those that have arrived are not free any more: subtract the
	 * others */
	awaited = fetch_awaited(s->fetch);
	space = space > awaited ? space - awaited : 0;
	if (space >= (uint64_t)bytes)
		return 0;
	if (no_space)
		*no_space = true;
	format_bytes((uint64_t)bytes, needs, sizeof(needs));
	format_bytes(space, left, sizeof(left));
	return err_set(err, ERR_INVALID, 0, "needs %s, and the disk has %s left for it", needs,
		       left);
}

void disk_space_promise(struct disk_space *s, int64_t bytes)
{
	s->promised += (uint64_t)bytes;
}

void disk_space_give_back(struct disk_space *s, int64_t bytes)
{
	s->promised -= (uint64_t)bytes;
}
