/*
 * merge - what a run found, put onto what is published now, and published.
 *
 * index.json is read again under the lock: an operator may have changed it while we were fetching. A
 * target whose digest or hold is no longer what the run began with is left as it is: the operator's
 * decision stands.
 *
 * What changes an entry: another digest (the old one is kept as a snapshot in the same index),
 * retention (keep, keep-for), the platform filter, gone, unlisted and their ends. A run that changes
 * none of these publishes nothing.
 *
 * Unlisted are entries that came from a list and are on none now. Only a whole run can tell: not one
 * limited by patterns, stopped, or with an incomplete tag listing for that repository.
 */
#ifndef SYNC_MERGE_H
#define SYNC_MERGE_H

struct err;
struct run;

/* Makes what arrived durable and publishes it. 0 also when there was nothing to publish. */
int merge_publish(struct run *r, struct err *err);

#endif
