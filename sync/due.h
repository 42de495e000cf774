/*
 * due - whether a target is asked for in this run, and what is remembered of it for the next one.
 *
 * Only a check that succeeded, or that found the tag gone, lets a target rest for its refresh=. A
 * target whose last attempt failed, was limited or was incomplete is due in every run. So is one
 * whose line promises what the mirror has not (another source, platforms, referrers), and one that
 * an operator has released.
 */
#ifndef SYNC_DUE_H
#define SYNC_DUE_H

#include <stdbool.h>

struct run;
struct target;

/* Whether refresh= lets the target be asked for. One that the mirror lacks is always due. */
bool due_is(const struct run *r, const struct target *t);

/* Whether the line wants other platforms than the published content was fetched with. */
bool due_lacks_platforms(const struct run *r, const struct target *t);
/* The same, or platforms that the published content does not have at all, or referrers that were
 * not asked for. */
bool due_lacks_promised(const struct run *r, const struct target *t);
/* That, as a dry run tells it: of referrers, those that are a promise (referrers=yes). */
bool due_lacks_told(const struct run *r, const struct target *t);

/* Whether the target is a snapshot of the mirror's, and upstream was not asked whether it has a tag
 * of that name, too; or the last try failed. */
bool due_snapshot_is_unasked(const struct run *r, const struct target *t);

/* Whether the published content came from the repository and is the digest that the line pins. */
bool due_has_pinned(const struct run *r, const struct target *t);
/* Whether refresh= says that it is not due, or --missing finds nothing to do. A pinned digest is
 * always due, since it costs no request when it is published. */
bool due_is_left_aside(const struct run *r, const struct target *t);

/* The max-age= that holds for the target, in seconds: -1 is none; upstream=gone disables it. */
long due_max_age(const struct target *t);

/* Whether upstream answered for the target's name in this run. */
bool due_was_checked(const struct target *t);

/* Puts the outcome of all targets into r->checked. */
void due_remember(struct run *r);

#endif
