/*
 * hold - an annotation that keeps a tag from moving, set by a rollback or by an operator.
 *
 * Pure functions on an entry in memory.
 *
 * A hold is the annotation dev.ocimirror.held, a JSON object:
 *
 *	{"mode":"blocked","digest":"sha256:...","also":["sha256:..."],
 *	 "reason":"...","who":"...","since":"..."}
 *
 * blocked: the tag moves as soon as upstream offers a digest that is not blocked (`digest` and
 * `also` list the blocked ones). frozen: the tag does not move until it is released; the digests
 * are kept for the record. A hold that cannot be read counts as frozen: a damaged annotation must
 * not release a tag.
 */
#ifndef OCI_STORE_HOLD_H
#define OCI_STORE_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "oci/image/digest.h"

struct entry;

/* A hold remembers this many blocked digests; the oldest is forgotten first. */
#define HOLD_DIGESTS 32

enum hold_mode { HOLD_NONE = 0, HOLD_BLOCKED, HOLD_FROZEN };

/* Whether a hold on e keeps it from moving to d. */
bool hold_covers(const struct entry *e, const struct digest *d);
enum hold_mode hold_mode_of(const struct entry *e);
/* The reason, who and since of a hold; "" where there is none. Buffers are cut to fit. */
void hold_describe(const struct entry *e, char *reason, size_t nreason, char *who, size_t nwho,
		   char *since, size_t nsince);

/* The digests a hold names, the newest first; gives how many. */
size_t hold_digests(const struct entry *e, struct digest out[static HOLD_DIGESTS]);

/*
 * Blocks d on e (or freezes e; d may then be NULL). Digests blocked earlier stay blocked, but never
 * the one that e points at now: it was put there on purpose. A frozen entry stays frozen.
 */
void hold_set(struct entry *e, enum hold_mode mode, const struct digest *d, const char *reason,
	      const char *who, time_t since);
void hold_release(struct entry *e);

#endif
