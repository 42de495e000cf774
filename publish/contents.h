/*
 * contents - which of the wanted digests a manifest has: itself, or in anything below it.
 *
 *	contents_init(&c, &layout, table, &wanted)
 *	mask = contents_of(&c, &entry->digest)
 *	contents_release(&c)
 *
 * Content under a digest does not change. So a table of mirror-serve's (oci/store/served.h) answers
 * for every manifest that its maker has read, whatever generation it is of; other manifests are
 * read from the disk, each once.
 *
 * A child of an index that is not here (a platform that the mirror leaves out) counts as content of
 * the index; what is in that child is not known. A document that is no manifest, and that names
 * digests, has them.
 */
#ifndef PUBLISH_CONTENTS_H
#define PUBLISH_CONTENTS_H

#include <stddef.h>
#include <stdint.h>

#include "oci/base/buf.h"
#include "oci/base/table.h"
#include "oci/image/digest.h"

struct layout;
struct served;
struct wanted;

struct contents {
	const struct layout *layout;
	const struct served *table; /* or NULL */
	struct wanted *wanted;
	uint64_t *masks;   /* of the table's objects */
	struct table seen; /* what was read from the disk, by digest */
	struct buf bytes;
	/* manifests that are missing or damaged: what is in them is not known; one of them */
	size_t unread;
	struct digest first_unread;
};

/* All are lent; table may be NULL. */
void contents_init(struct contents *c, const struct layout *l, const struct served *table,
		   struct wanted *w);
void contents_release(struct contents *c);

/* The bits of the wanted digests that a manifest with this digest has. */
uint64_t contents_of(struct contents *c, const struct digest *d);

#endif
