/*
 * banned - whether content has something in it that is banned: its manifest, a child that is here,
 * a config or a layer.
 *
 *	cleanup_by(banned_release) struct banned b = banned_init(&layout, &marks);
 *	k = banned_in(&b, &entry->digest)	NULL: nothing
 *
 * Each manifest is read once, however many entries share it. Nothing is read when no digest is
 * banned. Marks must not be added to or taken from the banned ones meanwhile.
 */
#ifndef OCI_STORE_BANNED_H
#define OCI_STORE_BANNED_H

#include "oci/base/buf.h"
#include "oci/base/table.h"

struct digest;
struct layout;
struct mark;
struct marks;

/* Both are lent. */
struct banned {
	const struct layout *layout;
	const struct marks *marks;
	struct table seen; /* digest of a manifest -> struct verdict */
	struct buf bytes;
};

struct banned banned_init(const struct layout *l, const struct marks *m);
void banned_release(struct banned *b);

/* The mark on the manifest with this digest, or on something below it; NULL: none. Children of an
 * index that the mirror does not have are not published. A document that cannot be read bans
 * nothing: `verify` finds it. */
const struct mark *banned_in(struct banned *b, const struct digest *d);

#endif
