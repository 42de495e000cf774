/*
 * pull_manifest - manifests from an upstream: what a tag is, and the bytes of a digest (distribution-spec, "Pulling
 * manifests").
 *
 * A manifest is small and held in memory, up to LIMIT_MANIFEST, checked while it streams in. Its digest is that of
 * the bytes; what the registry says it is counts only where no bytes are asked for.
 */
#ifndef OCI_REGISTRY_PULL_MANIFEST_H
#define OCI_REGISTRY_PULL_MANIFEST_H

#include "oci/image/ref.h"
#include "oci/registry/registry_types.h"

struct upstream;

/* registry_head() and registry_manifest(), at this upstream. */
void pull_head(struct upstream *up, const struct ref *ref, registry_manifest_done *done, void *arg);
void pull_manifest(struct upstream *up, const struct ref *ref, const struct digest *d,
		   registry_manifest_done *done, void *arg);

#endif
