/*
 * referrers_due - whether the referrers of a target's content are asked for in this run, and what
 * is remembered of it in state.json.
 *
 * New content is asked about; unchanged content a day after the last time at the earliest, with
 * refresh=never not any more. A changed option (referrers=, platform=), a hold that has ended, and
 * --force ask at once.
 *
 * What could not be had is asked for again in the next run, whatever refresh= says. With
 * referrers=yes, a promise, so it goes on in every run. With auto, what failed in two runs in a row
 * is asked for once a day: an upstream that always fails does not cost every run its time. In the
 * runs between, a warning tells what is missing.
 */
#ifndef SYNC_REFERRERS_DUE_H
#define SYNC_REFERRERS_DUE_H

#include <stdbool.h>

struct run;
struct target;

/* Whether the referrers of t->found are to be asked for; all that is below it is in the store. */
bool referrers_due_is(const struct run *r, const struct target *t);

/* Whether the line wants referrers of the published content that were never asked for in this way,
 * or that could not be had: upstream is then asked although refresh= lets the target rest. */
bool referrers_due_changed(const struct run *r, const struct target *t);

/* After the work: a warning for each target whose referrers could not all be had lately, and were
 * not asked for in this run. */
void referrers_due_tell(struct run *r);

/* Before the first request: tells the registry what earlier runs have learnt about APIs. */
void referrers_due_recall(struct run *r);
/* After the last: puts all that is to be remembered into r->checked. */
void referrers_due_remember(struct run *r);

#endif
