/*
 * work - the middle of a run: what upstream offers under each name, and getting what is missing.
 */
#ifndef SYNC_WORK_H
#define SYNC_WORK_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct list_image;
struct run;

/* Whether the policy allows so many bytes for one image, and the disk has room for them beside what is
 * already on its way. *no_space (may be NULL) tells when it is the disk. */
int work_check_space(const struct run *r, int64_t bytes, bool *no_space, struct err *err);

/* Plans (sync/plan.h), asks and fetches until every target is settled or the run is stopped. */
int work_all(struct run *r, struct err *err);

#endif
