/*
 * work - the middle of a run: what upstream has under the name of each target, and getting what is
 * missing here.
 */
#ifndef SYNC_WORK_H
#define SYNC_WORK_H

struct err;
struct run;
struct work;

/* Plans (sync/plan.h), asks and fetches until every target has its state or the run is stopped, and
 * leaves both in r->outcome. -1 when the mirror itself cannot be used, or the loop breaks. */
int work_all(struct run *r, struct err *err);

/* NULL is fine. Nothing may be under way any more. */
void work_free(struct work *w);

#endif
