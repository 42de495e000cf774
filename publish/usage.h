/*
 * usage - how many bytes of blobs the repositories, lists, owners or groups of a mirror have on
 * disk, and whose they are.
 *
 *	usage_read(&u, &mirror, USAGE_BY_REPOSITORY, err)
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

struct err;
struct mirror;

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

/* Files, and their bytes. */
struct usage_sum {
	size_t n;
	uint64_t bytes;
};

struct usage_row {
	char *name;
	size_t entries[USAGE_CLASSES];
	uint64_t bytes[USAGE_CLASSES];
	uint64_t unique; /* of all these, what no other row has */
};

struct usage {
	struct usage_row *v; /* the one with the most bytes first */
	size_t n, cap;
	struct usage_sum published;    /* blobs that entries reach, each once */
	struct usage_sum unreferenced; /* other files below blobs/ */
	struct usage_sum partial;      /* downloads that were not finished */
	struct usage_sum records;      /* generations and tables */
	size_t odd; /* manifests of an unknown form: what they name is not known */
};

/* The mirror is lent for the call. IO, INVALID or LIMIT when it cannot be looked through. */
int usage_read(struct usage *u, const struct mirror *m, enum usage_by by, struct err *err);
void usage_release(struct usage *u);

/* Of all classes. */
uint64_t usage_row_bytes(const struct usage_row *r);

#endif
