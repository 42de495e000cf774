/*
 * snapshots - the snapshots of a tag, and the one that it is rolled back to. Functions on an
 * index; what is banned is looked for below each snapshot (oci/store/banned.h).
 *
 * Generations decide, never the clock. Each snapshot records in which generation its content
 * arrived (ANNOTATION_SYNCED_IN) and in which it was last replaced (ANNOTATION_SNAPSHOT_IN).
 * Content that was replaced on several days has a snapshot for each of them; one that came and went
 * several times on one day remembers each stay (oci/store/retag.h). "Older than the
 * present content" compares arrivals; "the newest" compares replacements: after A, B, A again, C, a
 * rollback goes from C to A, and from there to B.
 */
#ifndef PUBLISH_SNAPSHOTS_H
#define PUBLISH_SNAPSHOTS_H

#include <stddef.h>

struct banned;
struct entry;
struct err;
struct index;

/* The snapshots of a tag, the last replaced first; gives their number. The caller frees *v, but
 * not the entries. */
size_t snapshots_of(const struct index *x, const char *ref, struct entry ***v);

/* The newest snapshot that is older than the content of e, differs from it, is not bad, has nothing
 * banned in it, and was not made by a rollback; *arrived gets the generation in which the stay that
 * counts began, or -1. NULL with NOTFOUND, saying why there is none. */
struct entry *snapshots_previous(const struct index *x, struct banned *banned,
				 const struct entry *e, long long *arrived, struct err *err);

/*
 * The snapshot of e that `stamp` names: what follows the tag ("20261113" or ".20261113", and
 * "20261113-2"), or the snapshot's whole tag. NULL with NOTFOUND, listing those there are, but none
 * that is bad or has something banned in it; with INVALID when it names several (then the leading
 * separator tells them apart).
 */
struct entry *snapshots_named(const struct index *x, struct banned *banned, const struct entry *e,
			      const char *stamp, struct err *err);

#endif
