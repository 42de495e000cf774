/*
 * merge - puts the results of a run onto the index that is published now, and publishes it.
 *
 * index.json is read again under the lock, since an operator may have changed it during the fetch.
 * A target whose digest or hold is not what it was at the start of the run is left as it is: the
 * operator's decision stands.
 *
 * An entry is changed by another digest (the old one is kept as a snapshot in the same index), by
 * retention (keep, keep-for), by the platform filter, and when it becomes gone or unlisted or
 * ceases to be. A run that changes no entry publishes nothing.
 *
 * An entry is unlisted when it came from a list and is on none now (sync/unlist.h).
 */
#ifndef SYNC_MERGE_H
#define SYNC_MERGE_H

struct err;
struct run;

/* Makes the blobs that arrived durable and publishes the index; sets r->outcome.generation,
 * published and unlisted. 0 also when there was nothing to publish; -1 when the mirror cannot be
 * written. */
int merge_publish(struct run *r, struct err *err);

#endif
