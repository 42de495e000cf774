/*
 * pull_tags - every tag of a repository (distribution-spec, "Listing Tags").
 *
 * The list comes in pages; the Link header (RFC 8288) names the next one, which is asked for at the
 * origin of the page before. A list is complete, or it is an error. Entries that are not tags
 * (null, a digest) are left out, and a tag that is listed twice counts once.
 */
#ifndef OCI_REGISTRY_PULL_TAGS_H
#define OCI_REGISTRY_PULL_TAGS_H

#include "oci/image/ref.h"
#include "oci/registry/registry_types.h"

struct upstream;

/* registry_tags_within(), at this upstream. */
void pull_tags(struct upstream *up, const struct ref *ref, size_t pages, registry_tags_done *done,
	       void *arg);

#endif
