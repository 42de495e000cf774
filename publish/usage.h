/*
 * usage - how many bytes of blobs the repositories, lists, owners or groups of a mirror have on
 * disk, and whose they are.
 *
 *	usage_count(&u, &map, USAGE_BY_REPOSITORY)
 *	for (i = 0; i < u.n; i++) ... u.v[i]
 *	usage_release(&u)
 *
 * A blob counts once in each row that reaches it: from an entry of the index over indexes and
 * manifests down to configs and layers, as the table of mirror-serve (oci/store/served.h) has them.
 * It is unique to a row when no other row reaches it. Only what is on disk counts: no platforms and
 * layers that the mirror leaves out.
 *
 * In a row, the bytes of snapshots are those that its tags do not have, and the bytes of referrers
 * those that neither have: what tags, snapshots and referrers have adds up to the bytes of the row.
 */
#ifndef PUBLISH_USAGE_H
#define PUBLISH_USAGE_H

#include <stddef.h>
#include <stdint.h>

#include "publish/blob_map.h"

/* What a row is. */
enum usage_by {
	USAGE_BY_REPOSITORY,
	USAGE_BY_LIST,  /* a file of the lists */
	USAGE_BY_OWNER, /* owner= of the lines */
	USAGE_BY_GROUP, /* private= */
	USAGE_BYS
};

/* The words of --by, in the order of the enumeration; NULL ends them. */
extern const char *const usage_by_words[];

/* What an entry of the index is, in the order in which they are counted. */
enum usage_class { USAGE_TAG, USAGE_SNAPSHOT, USAGE_REFERRER, USAGE_CLASSES };

struct usage_row {
	char *name;
	size_t entries[USAGE_CLASSES];
	uint64_t bytes[USAGE_CLASSES];
	uint64_t unique; /* of all these, what no other row has */
};

struct usage {
	struct usage_row *v; /* the one with the most bytes first */
	size_t n, cap;
	struct blob_sum published;    /* blobs that entries reach, each once */
	struct blob_sum unreferenced; /* other files below blobs/ */
};

/* The map is lent for the call, and its marks are used up. */
void usage_count(struct usage *u, struct blob_map *map, enum usage_by by);
void usage_release(struct usage *u);

/* Of all classes. */
uint64_t usage_row_bytes(const struct usage_row *r);

#endif
