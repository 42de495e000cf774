/*
 * plan - every line of the lists becomes targets, each waiting in the lane of its host.
 *
 * Lines that name a tag or digest do so at once. Lines with tag options ask for the tag list, and
 * their targets follow when all listings are here. A listing that fails, or breaks the policy,
 * fails its line and no other.
 */
#ifndef SYNC_PLAN_H
#define SYNC_PLAN_H

struct lanes;
struct run;

/* The text told with a target that is gone upstream. */
extern const char plan_gone[];
/* The same with one whose line says upstream=gone, and that the mirror does not have. */
extern const char plan_never_had[];

/* Adds the targets that the run's patterns match to r->outcome.targets and, those that upstream is
 * to be asked for, to the lanes. more(r) is called when all lines without tag options have theirs,
 * before this returns, and again when all listings are here. */
void plan_make(struct run *r, struct lanes *lanes, void (*more)(struct run *r));

/* Before the merge: upstream's own tags, as far as the run has read them, are no names of the
 * snapshots that it makes. */
void plan_reserve_listed(struct run *r);

#endif
