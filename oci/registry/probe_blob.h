/*
 * probe_blob - whether a repository has a blob (distribution-spec, "Checking if content exists in
 * the registry"). (private)
 */
#ifndef OCI_REGISTRY_PROBE_BLOB_H
#define OCI_REGISTRY_PROBE_BLOB_H

#include "oci/image/ref.h"
#include "oci/registry/registry_types.h"

struct upstream;

/* registry_has_blob(), at this upstream. */
void probe_blob(struct upstream *up, const struct ref *ref, const struct digest *d, int64_t size,
		registry_blob_done *done, void *arg);

#endif
