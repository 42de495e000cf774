/*
 * kept_back - whether a target must not come to what its upstream offers: the content is banned, or
 * bad for that reference; or an operator has frozen the tag. Of several reasons the first counts.
 */
#ifndef SYNC_KEPT_BACK_H
#define SYNC_KEPT_BACK_H

#include <stdbool.h>

#include "sync/image_state.h"

struct entry;
struct mark;
struct marks;
struct target;

/* Whether t may not come to t->found; e is its entry, or NULL, with another digest. *k gets the
 * mark, or NULL when e is frozen. */
bool kept_back_by(const struct target *t, const struct entry *e, const struct marks *m,
		  const struct mark **k);

/* Says so in the target's error. Gives the state: HELD; or FAILED when the line pins that digest,
 * since only another line or a release can mend it. */
enum image_state kept_back_say(struct target *t, const struct entry *e, const struct mark *k);

#endif
