/*
 * move - a tag gets another digest, and nothing is lost: snapshots and holds.
 *
 * Pure functions on an index in memory; no disk, no clock. The old digest is kept under its snapshot
 * name in the same index that moves the tag, so the two cannot come apart.
 *
 * A snapshot is an entry <tag><datestamp> that never moves. It says what it is of, when that content
 * was last replaced (NOTE_SNAPSHOT_AT, NOTE_SNAPSHOT_IN) and by what (NOTE_SNAPSHOT_BY), and keeps what its tag knew of
 * the content (source, arrival, list line, author, retention, platforms), but not the tag's hold and
 * not that it was gone or unlisted: those are said of the name, not of the content.
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
#ifndef OCI_STORE_MOVE_H
#define OCI_STORE_MOVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "oci/image/digest.h"

struct err;
struct entry;
struct index;

/* Values of NOTE_SNAPSHOT_BY. */
#define MOVE_BY_SYNC     "sync"
#define MOVE_BY_ROLLBACK "rollback"
#define MOVE_BY_UNDO     "undo"

/* One run's moves: all snapshots bear one date. */
struct move {
	struct index *index;
	const char *suffix; /* has passed stamp_check(); default STAMP_DEFAULT */
	time_t when;
	const char *by; /* MOVE_BY_... */
};

/* The tag of a canonical reference: lent from it; NULL when it has none (it names a digest). */
const char *move_ref_tag(const char *ref);

/*
 * Moves e to new content after keeping the old; *snapshot (may be NULL) gets the snapshot's entry,
 * or NULL when there was nothing to keep: a new entry, the same digest, or no tag. The caller sets
 * NOTE_SOURCE, NOTE_SYNCED and so on afterwards. INVALID when the snapshot's name can't be made (too
 * long): the tag stays where it is.
 *
 * The snapshot is <tag><datestamp>: made when needed, found when the same digest already has that
 * day's name (or its -N: then it is told that it was replaced again); -2, -3, ... when the name means
 * something else.
 */
int move_tag(const struct move *m, struct entry *e, const char *media_type, const struct digest *d,
	     int64_t size, struct entry **snapshot, struct err *err);

/* A hold remembers this many blocked digests; the oldest is forgotten first. */
#define HOLD_DIGESTS 32

enum hold_mode { HOLD_NONE = 0, HOLD_BLOCKED, HOLD_FROZEN };

/* Does a hold on e keep it from moving to d? */
bool move_is_held(const struct entry *e, const struct digest *d);
enum hold_mode move_hold_mode(const struct entry *e);
/* The reason, who and since of a hold; "" where there is none. Buffers are cut to fit. */
void move_hold_words(const struct entry *e, char *reason, size_t nreason, char *who, size_t nwho,
		     char *since, size_t nsince);

/* The digests a hold names, the newest first; gives how many. */
size_t move_hold_digests(const struct entry *e, struct digest out[static HOLD_DIGESTS]);

/*
 * Blocks d on e (or freezes e; d may then be NULL). Digests blocked earlier stay blocked, but never
 * the one e points at now: whoever put it there wants it. What is frozen stays frozen.
 */
void move_hold(struct entry *e, enum hold_mode mode, const struct digest *d, const char *reason,
	       const char *who, time_t since);
void move_release(struct entry *e);

#endif
