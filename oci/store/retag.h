/*
 * retag - a tag gets another digest, and the old one is kept under a snapshot name.
 *
 * Pure functions on an index in memory; no disk, no clock. The snapshot is made in the same index
 * that moves the tag, so both are published together.
 *
 * A snapshot is an entry <tag><suffix> that never moves. Its annotations name its tag
 * (ANNOTATION_SNAPSHOT_OF) and say when that content was last replaced (ANNOTATION_SNAPSHOT_AT,
 * ANNOTATION_SNAPSHOT_IN) and by what (ANNOTATION_SNAPSHOT_BY). Annotations about the content
 * (source, arrival, list line, author, retention, platforms) are copied from the tag; those about
 * the name (hold, gone, unlisted) are not. Which content is older is told by the generations in
 * which contents arrived and were replaced. Content that comes and goes several times on one day
 * has one snapshot for all of its stays; it remembers the earlier ones (ANNOTATION_SNAPSHOT_STAYS),
 * so that a day is no different from several. A snapshot keeps the platforms that its content had,
 * also when the tag comes back to that content with fewer.
 */
#ifndef OCI_STORE_RETAG_H
#define OCI_STORE_RETAG_H

#include <stdint.h>
#include <time.h>

#include "oci/image/digest.h"

struct err;
struct entry;
struct index;
struct table;

/* Values of ANNOTATION_SNAPSHOT_BY. */
#define RETAG_BY_SYNC     "sync"
#define RETAG_BY_ROLLBACK "rollback"
#define RETAG_BY_UNDO     "undo"

/* The moves of one run: all their snapshots have one date. */
struct retag {
	struct index *index;
	const char
		*suffix; /* has passed snapshot_suffix_check(); default SNAPSHOT_SUFFIX_DEFAULT */
	time_t when;
	const char *by; /* RETAG_BY_... */
	/* names that no snapshot takes, though they name no entry; or NULL */
	const struct table *reserved;
};

/*
 * Moves e to new content after keeping the old. *snapshot (may be NULL) gets the snapshot's entry,
 * or NULL when there was nothing to keep: e is new, has that digest already, or has no tag. The
 * caller then sets ANNOTATION_SOURCE, ANNOTATION_SYNCED and the others of the new content. INVALID
 * when the snapshot's name would be too long; e is then unchanged.
 *
 * The snapshot's name is <tag><suffix>, with a counter (-2, -3, ...) when that name means something
 * else, or is reserved. When a snapshot of that name, with or without a counter, has the same
 * digest, it is used again: its annotations then say that its content was replaced again.
 */
int retag_move(const struct retag *m, struct entry *e, const char *media_type,
	       const struct digest *d, int64_t size, struct entry **snapshot, struct err *err);

/* All platforms of two filters (ANNOTATION_PLATFORM), those of a first; NULL is no filter. The
 * caller frees it. A snapshot keeps what it has: its filter only grows. */
char *retag_unite_platforms(const char *a, const char *b);

/* The generation that the next publish of x makes: what moves now, moves in it. */
long long retag_generation(const struct index *x);

/* The generation that replaced a snapshot's content; 0 when there is no record of that. */
long long retag_replaced_in(const struct entry *snapshot);
/* The generation in which the content of an entry arrived; -1 when there is no record of that. */
long long retag_arrived_in(const struct entry *e);

/* A time for which a tag had the content of a snapshot, as generations: -1 or 0 where there is no
 * record. */
struct retag_stay {
	long long arrived, replaced;
};

#define RETAG_STAYS 32

/* The stays that a snapshot speaks of, the last one first; gives their number, at least 1. */
size_t retag_stays(const struct entry *snapshot, struct retag_stay v[RETAG_STAYS]);

/* What the tag meant before it was last moved: its snapshot that was replaced in the latest
 * generation. NULL when there is none. */
struct entry *retag_last(const struct index *x, const char *ref);

#endif
