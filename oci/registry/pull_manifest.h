/*
 * pull_manifest - manifests from an upstream: the digest of a tag, and the bytes of a digest
 * (distribution-spec, "Pulling manifests").
 *
 * A manifest is kept in memory, up to LIMIT_MANIFEST, which is checked while it comes. Its digest
 * is computed from the bytes; the one that the registry gives is used only after a HEAD.
 */
#ifndef OCI_REGISTRY_PULL_MANIFEST_H
#define OCI_REGISTRY_PULL_MANIFEST_H

#include "oci/image/ref.h"
#include "oci/registry/registry_types.h"

struct upstream;

/* registry_head(), registry_tag() and registry_manifest(), at this upstream. */
void pull_head(struct upstream *up, const struct ref *ref, registry_manifest_done *done, void *arg);
void pull_tag(struct upstream *up, const struct ref *ref, registry_manifest_done *done, void *arg);
void pull_manifest(struct upstream *up, const struct ref *ref, const struct digest *d,
		   registry_manifest_done *done, void *arg);

#endif
