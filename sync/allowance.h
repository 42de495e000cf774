/*
 * allowance - how much the policies of mirror.conf (oci/lists/policy.h) let lines bring:
 * max-bytes= for an image, max-total= for all lines of the lists that a policy names.
 *
 * A total is what the entries of the mirror that came from these lists reach, snapshots and
 * unlisted entries included, each blob once; and what images of this run add to the mirror. It is
 * counted when the first image of the run needs bytes, from the mirror's manifests: only when a
 * policy has max-total=. A run that does not see the mirror counts what it would add alone.
 *
 * Lines of several files may ask for one image. It may come when the policy of one of them allows
 * it, and counts in the totals of all.
 */
#ifndef SYNC_ALLOWANCE_H
#define SYNC_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct run;
struct target;

struct allowance {
	int64_t *totals; /* bytes, of each policy; NULL: not counted yet */
};

void allowance_release(struct allowance *a);

/* Whether max-bytes= allows an image that needs so many bytes; USAGE when it does not. */
int allowance_check_image(const struct run *r, const struct target *t, int64_t bytes,
			  struct err *err);

/* The same for max-bytes= and max-total=, and counts the bytes: all that the target is known to
 * need so far. */
int allowance_admit(struct run *r, struct target *t, int64_t bytes, struct err *err);
/* The target does not come: its bytes are not counted any more. */
void allowance_give_back(struct run *r, struct target *t);

#endif
