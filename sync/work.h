/*
 * work - the middle of a run: what upstream offers under each name, and getting what is missing.
 */
#ifndef SYNC_WORK_H
#define SYNC_WORK_H

#include <stdint.h>

struct err;
struct list_image;
struct run;

/* Adds targets for every line (asking for tag lists where tags come by option) that the run's patterns
 * match, and remembers what the mirror has for each. */
void work_plan(struct run *r);

/* The fetcher's question before an image's blobs are requested: does the policy allow so many bytes, and
 * has the disk room for them beside what is already on its way? */
int work_admit(void *arg, int64_t bytes, struct err *err);

/* Asks and fetches until every target is settled or the run is stopped. */
int work_all(struct run *r, struct err *err);

#endif
