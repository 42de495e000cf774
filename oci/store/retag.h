/*
 * retag - a tag gets another digest, and nothing is lost: snapshots.
 *
 * Pure functions on an index in memory; no disk, no clock. The old digest is kept under its snapshot
 * name in the same index that moves the tag, so the two cannot come apart.
 *
 * A snapshot is an entry <tag><datestamp> that never moves. It says what it is of, when that content
 * was last replaced (ANNOTATION_SNAPSHOT_AT, ANNOTATION_SNAPSHOT_IN) and by what (ANNOTATION_SNAPSHOT_BY), and keeps what its tag knew of
 * the content (source, arrival, list line, author, retention, platforms), but not the tag's hold and
 * not that it was gone or unlisted: those are said of the name, not of the content.
 */
#ifndef OCI_STORE_RETAG_H
#define OCI_STORE_RETAG_H

#include <stdint.h>
#include <time.h>

#include "oci/image/digest.h"

struct err;
struct entry;
struct index;

/* Values of ANNOTATION_SNAPSHOT_BY. */
#define RETAG_BY_SYNC     "sync"
#define RETAG_BY_ROLLBACK "rollback"
#define RETAG_BY_UNDO     "undo"

/* One run's moves: all snapshots bear one date. */
struct retag {
	struct index *index;
	const char
		*suffix; /* has passed snapshot_suffix_check(); default SNAPSHOT_SUFFIX_DEFAULT */
	time_t when;
	const char *by; /* RETAG_BY_... */
};

/*
 * Moves e to new content after keeping the old; *snapshot (may be NULL) gets the snapshot's entry,
 * or NULL when there was nothing to keep: a new entry, the same digest, or no tag. The caller sets
 * ANNOTATION_SOURCE, ANNOTATION_SYNCED and so on afterwards. INVALID when the snapshot's name can't be made (too
 * long): the tag stays where it is.
 *
 * The snapshot is <tag><datestamp>: made when needed, found when the same digest already has that
 * day's name (or its -N: then it is told that it was replaced again); -2, -3, ... when the name means
 * something else.
 */
int retag_move(const struct retag *m, struct entry *e, const char *media_type,
	       const struct digest *d, int64_t size, struct entry **snapshot, struct err *err);

#endif
