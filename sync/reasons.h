/*
 * reasons - images that failed for one reason of their host's, word for word (it is down, its quota is used up),
 * are told once, with the first of them: two hundred images behind a dead registry are one line. What is an image's
 * own (it is not there, its bytes are wrong) is always told by its name.
 */
#ifndef SYNC_REASONS_H
#define SYNC_REASONS_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/table.h"

struct run;
struct target;

struct reasons {
	struct table by_text;
};

#define REASONS_INIT                                                                               \
	{                                                                                          \
		.by_text = TABLE_INIT                                                              \
	}

void reasons_collect(struct reasons *r, const struct run *run);
void reasons_release(struct reasons *r);

/* Whether a target failed and is to be told, and how many more are told with it. */
bool reasons_tell(const struct reasons *r, const struct target *t, size_t *more);

#endif
