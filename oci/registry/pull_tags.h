/*
 * pull_tags - every tag of a repository (distribution-spec, "Listing Tags").
 *
 * The listing comes in pages; where the next one is, the Link header says (RFC 8288), and its words are followed
 * as they are, at the origin of the page before. A listing is complete or it is an error. What is no tag (null,
 * a digest) is left out, and what is listed twice counts once.
 */
#ifndef OCI_REGISTRY_PULL_TAGS_H
#define OCI_REGISTRY_PULL_TAGS_H

#include "oci/image/ref.h"
#include "oci/registry/registry_types.h"

struct upstream;

/* registry_tags(), at this upstream. */
void pull_tags(struct upstream *up, const struct ref *ref, registry_tags_done *done, void *arg);

#endif
