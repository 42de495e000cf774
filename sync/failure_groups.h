/*
 * failure_groups - failures that images have in common, told once.
 *
 * When a registry is down or its quota is used up, its images fail with the same text, and only the
 * first of them is told, with the number of the others: two hundred images behind a dead registry
 * are one line. An image that fails alone (it is missing, its bytes are wrong) is always told by
 * its name.
 */
#ifndef SYNC_FAILURE_GROUPS_H
#define SYNC_FAILURE_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/table.h"

struct outcome;
struct target;

struct failure_groups {
	struct table by_text;
};

#define FAILURE_GROUPS_INIT                                                                        \
	{                                                                                          \
		.by_text = TABLE_INIT                                                              \
	}

void failure_groups_collect(struct failure_groups *g, const struct outcome *o);
void failure_groups_release(struct failure_groups *g);

/* Whether a target failed and is to be told; *more gets how many others are told with it. */
bool failure_groups_tell(const struct failure_groups *g, const struct target *t, size_t *more);

#endif
