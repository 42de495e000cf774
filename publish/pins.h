/*
 * pins - which snapshots and unlisted references keep blobs on the disk that nothing else needs.
 *
 *	pins_count(&p, &map)
 *	for (i = 0; i < p.n; i++) ... p.v[i]
 *	pins_release(&p)
 *
 * A pin's own bytes are those that no other entry of the index reaches: what the disk would get
 * back if this one alone went. What two pins share is nobody's own.
 */
#ifndef PUBLISH_PINS_H
#define PUBLISH_PINS_H

#include <stddef.h>
#include <stdint.h>

#include "publish/blob_map.h"

struct entry;

struct pin {
	const struct entry *entry;  /* lent by the index, as all of this */
	const struct entry *limits; /* whose keep= and keep-for= are its: its tag's, or its own */
	uint64_t own;               /* bytes */
	uint64_t all;               /* bytes that it reaches */
	size_t nth; /* a snapshot: 1 is the one of its tag that was replaced last; else 0 */
};

struct pins {
	struct pin *v; /* the one with the most bytes of its own first */
	size_t n, cap;
	uint64_t together; /* bytes that only pins reach: what would be free without all of them */
};

/* The map is lent for the call, and its marks are used up. */
void pins_count(struct pins *p, struct blob_map *map);
void pins_release(struct pins *p);

#endif
