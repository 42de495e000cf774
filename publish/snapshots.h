/*
 * snapshots - to which snapshot a tag is rolled back. Pure functions on an index.
 *
 * A tag's past is its snapshots. Each says when its content arrived (ANNOTATION_SYNCED) and when it was last
 * replaced (ANNOTATION_SNAPSHOT_AT); content that came and went and came back is one snapshot a day it was
 * replaced on. So "older than the present content" compares arrivals, and "the newest" compares when
 * they were last current: after A, B, A again, C, the way back from C is A, and from there B.
 */
#ifndef PUBLISH_SNAPSHOTS_H
#define PUBLISH_SNAPSHOTS_H

#include <stddef.h>

struct entry;
struct err;
struct index;

/* The snapshots of a tag, the one that was current last first; gives how many. *v is the caller's. */
size_t snapshots_of(const struct index *x, const char *ref, struct entry ***v);

/* The newest snapshot that is older than what e means, differs from it, is not marked bad and was not
 * made by a rollback. NOTFOUND, saying why there is none. */
struct entry *snapshots_previous(const struct index *x, const struct entry *e, struct err *err);

/*
 * The snapshot of e that `stamp` names: what follows the tag ("20261113" or ".20261113", and
 * "20261113-2"), or the snapshot's whole tag. NOTFOUND with the ones there are; INVALID when it names
 * several (the leading separator is then not optional).
 */
struct entry *snapshots_named(const struct index *x, const struct entry *e, const char *stamp,
			      struct err *err);

#endif
