/*
 * hold - a tag is kept from moving: by a rollback, or until somebody releases it.
 *
 * Pure functions on an entry in memory.
 *
 * A hold is the annotation dev.ocimirror.held, a JSON object:
 *
 *	{"mode":"blocked","digest":"sha256:...","also":["sha256:..."],"reason":"...","who":"...","since":"..."}
 *
 * blocked: the tag moves as soon as upstream offers a digest that is none of the blocked ones (digest
 * and also). frozen: it does not move until released; the digests are then those it will be free of
 * only by a release, too. A hold that cannot be read counts as frozen: a damaged note must not let go
 * of what somebody wanted kept.
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

/* Does a hold on e keep it from moving to d? */
bool hold_covers(const struct entry *e, const struct digest *d);
enum hold_mode hold_mode_of(const struct entry *e);
/* The reason, who and since of a hold; "" where there is none. Buffers are cut to fit. */
void hold_describe(const struct entry *e, char *reason, size_t nreason, char *who, size_t nwho,
		   char *since, size_t nsince);

/* The digests a hold names, the newest first; gives how many. */
size_t hold_digests(const struct entry *e, struct digest out[static HOLD_DIGESTS]);

/*
 * Blocks d on e (or freezes e; d may then be NULL). Digests blocked earlier stay blocked, but never
 * the one e points at now: whoever put it there wants it. What is frozen stays frozen.
 */
void hold_set(struct entry *e, enum hold_mode mode, const struct digest *d, const char *reason,
	      const char *who, time_t since);
void hold_release(struct entry *e);

#endif
