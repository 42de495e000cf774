/*
 * pull_referrers - what refers to a manifest: signatures, SBOMs, attestations (distribution-spec, "Listing
 * Referrers").
 *
 * The referrers API is asked first, all its pages. A registry without it (404) is asked for the index under the
 * fallback tag <algorithm>-<hex> ("Unavailable Referrers API"); where that is missing too, nothing refers.
 */
#ifndef OCI_REGISTRY_PULL_REFERRERS_H
#define OCI_REGISTRY_PULL_REFERRERS_H

#include "oci/image/ref.h"
#include "oci/registry/registry_types.h"

struct upstream;

/* registry_referrers(), at this upstream. */
void pull_referrers(struct upstream *up, const struct ref *ref, const struct digest *subject,
		    registry_referrers_done *done, void *arg);

#endif
