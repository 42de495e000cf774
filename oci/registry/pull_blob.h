/*
 * pull_blob - blobs from an upstream into a layout (distribution-spec, "Pulling blobs"; ranges: RFC
 * 9110, 14).
 *
 * A blob is written to disk while it comes, and hashed meanwhile. Bytes that are there already, of
 * this run or an earlier one, are not asked for again: a part is accepted only when it is exactly
 * the missing one; an answer with the whole blob starts over; when a blob of several parts has the
 * wrong digest, it is fetched once more as a whole.
 *
 * A foreign layer (image-spec, descriptor.md, "urls") is fetched from its registry first, like any
 * other, then from its URLs, one after the other.
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
