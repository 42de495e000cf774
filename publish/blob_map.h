/*
 * blob_map - what the entries of the index reach, and which of it is on disk: for counting bytes.
 *
 *	blob_map_read(&b, &mirror, err)
 *	object = served_find(&b.table, entry->digest.str)
 *	n = blob_map_walk(&b, object, mark)	what it reaches is in b.walked[0 ... n - 1]
 *	blob_map_release(&b)
 *
 * Objects are those of the table of mirror-serve (oci/store/served.h), made for exactly this index;
 * number 0 is nothing. Manifests that a publisher's table has are not read again.
 */
#ifndef PUBLISH_BLOB_MAP_H
#define PUBLISH_BLOB_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/store/served.h"

struct err;
struct mirror;

/* Files, and their bytes. */
struct blob_sum {
	size_t n;
	uint64_t bytes;
};

struct blob_map {
	const struct mirror *mirror;
	struct served table;
	bool *here;              /* of objects: its file is on disk */
	uint32_t *walked;        /* what the last walk has reached; as large as the table */
	uint32_t *marks;         /* of objects: the mark of the last walk that reached it */
	struct blob_sum unknown; /* files below blobs/ that are no object */
	struct blob_sum partial; /* downloads that were not finished */
	struct blob_sum records; /* generations and tables */
	size_t odd;              /* manifests of an unknown form: what they name is not known */
	const char *algorithm;   /* the directory that is being looked at */
};

/* The mirror is lent. IO, INVALID or LIMIT when it cannot be looked through. */
int blob_map_read(struct blob_map *b, const struct mirror *m, struct err *err);
void blob_map_release(struct blob_map *b);

/* Walks from an object (not 0) to everything that it reaches and that no walk with this mark (not
 * 0) has reached; gives how many that are. */
size_t blob_map_walk(struct blob_map *b, uint32_t object, uint32_t mark);

/* The bytes of an object on disk; 0 when it is not there. */
static inline uint64_t blob_map_bytes(const struct blob_map *b, uint32_t object)
{
	return b->here[object] ? b->table.objects[object].size : 0;
}

#endif
