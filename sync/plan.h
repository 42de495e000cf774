/*
 * plan - every line of the lists becomes targets, waiting in the lane of their host.
 *
 * Lines that name a tag or digest do so at once; those with tag options ask for the tag list, and theirs follow when
 * all listings are here. A listing that fails, or breaks the policy, fails its line and no other.
 */
#ifndef SYNC_PLAN_H
#define SYNC_PLAN_H

#include <stdbool.h>

struct run;

/* Whether anything on the lists matches a pattern of the run; to be asked when all is planned. */
bool plan_means(const struct run *r, const char *pattern);

/* What upstream has not any more, in words. */
extern const char plan_gone[];

/* Adds the targets that the run's patterns match. more(r) is called when some were added: once before it returns,
 * and once more from the loop when there were listings. */
void plan_make(struct run *r, void (*more)(struct run *r));

#endif
