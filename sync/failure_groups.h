/*
 * failure_groups - images that failed for one reason of their host's, word for word (it is down, its quota is used up),
 * are told once, with the first of them: two hundred images behind a dead registry are one line. What is an image's
 * own (it is not there, its bytes are wrong) is always told by its name.
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

/* Whether a target failed and is to be told, and how many more are told with it. */
bool failure_groups_tell(const struct failure_groups *g, const struct target *t, size_t *more);

#endif
