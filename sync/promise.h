/*
 * promise - whether what upstream offers for a target has the platforms that its line asks for
 * (sync/platforms.h), and how much of it has to be fetched to tell.
 *
 * A sync judges while it fetches, before the layers. A dry run fetches the root manifest of what
 * would move, and a single image's config; what is current it reads in the mirror. Neither costs a
 * current target a request.
 */
#ifndef SYNC_PROMISE_H
#define SYNC_PROMISE_H

#include <stdbool.h>

struct err;
struct platforms;
struct run;
struct target;

/* Whether the platforms of t->found matter: those of a line that asks for some; and when a sync
 * moves a tag, the usual one, whose loss is told. */
bool promise_is_judged(const struct run *r, const struct target *t);

/* Whether the run fetches no more of t->found than what promise_judge() needs. */
bool promise_is_all(const struct run *r, const struct target *t);

/* Whether the run asks for nothing of t->found, and believes that it is complete: in dry runs, when
 * there is nothing to judge, and for what another mirror has (--against). A check of the lists
 * judges this, too. */
bool promise_is_believed(const struct run *r, const struct target *t);

/* Judges the platforms of t->found; INVALID refuses it. A lack that refuses nothing becomes a
 * warning of the target. Where several lines ask for it, the lines of which nothing is there are
 * remembered: the others get what they ask for. */
int promise_judge(const struct run *r, struct target *t, const struct platforms *there,
		  struct err *err);

/* Whether the published content has none of the platforms that one of the lines asks for, though it
 * was fetched for it. Asked of a snapshot, and where several lines ask for a tag: the line of a tag
 * is judged before the tag comes to its content. Reads manifests in the mirror. */
bool promise_is_broken(const struct run *r, const struct target *t);

/* When all targets have ended: a target that brought what some of its lines ask for is incomplete,
 * and names the others. */
void promise_finish(struct run *r);

#endif
