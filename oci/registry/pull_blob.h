/*
 * pull_blob - blobs from an upstream into a layout (distribution-spec, "Pulling blobs"; ranges: RFC 9110, 14).
 *
 * A blob streams to disk and is hashed on the way. What is there already, from this run or an earlier one, is not
 * asked for again: a part is taken only when it is exactly the missing one; an answer with the whole
 * starts over; a part that turns out bad is thrown away and the whole asked for, once.
 *
 * A foreign layer (image-spec, descriptor.md, "urls") is asked for in its registry first, as any other, then where its
 * URLs say, one after the other.
 */
#ifndef OCI_REGISTRY_PULL_BLOB_H
#define OCI_REGISTRY_PULL_BLOB_H

#include "oci/image/ref.h"
#include "oci/registry/registry_types.h"

struct layout;
struct upstream;

/* registry_blob(), at this upstream. */
void pull_blob(struct upstream *up, const struct ref *ref, const struct registry_wanted *wanted,
	       struct layout *into, registry_blob_done *done, void *arg);

#endif
