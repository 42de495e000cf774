/*
 * unlist - entries that came from a list and are on none now.
 *
 * They are marked as unlisted and go on being served. A run that was limited by patterns or stopped
 * cannot tell which they are, and no run can for a repository whose tag listing failed.
 *
 * Many at once are rather a mistake: a list that was renamed to something else than *.list, a
 * revision that is not the right one. Such a run leaves all of them listed, and says so.
 */
#ifndef SYNC_UNLIST_H
#define SYNC_UNLIST_H

#include <stddef.h>

struct entry;
struct index;
struct run;

/* More than this many, when they are more than this share of what is listed, want
 * --accept-unlisted. */
#define UNLIST_MANY    20
#define UNLIST_PERCENT 5

/* Finds them in x, for r->outcome: nlisted, nunlisted, unlisted, unlisted_refused. Calls
 * mark(arg, entry) for each one, unless they are refused; mark may be NULL. */
void unlist_find(struct run *r, const struct index *x, void (*mark)(void *arg, struct entry *e),
		 void *arg);

#endif
