/*
 * pull_referrers - the referrers of a manifest: signatures, SBOMs, attestations
 * (distribution-spec, "Listing Referrers").
 *
 * The referrers API is asked, for all its pages. A registry may not have it, and says so in many
 * ways (oci/registry/referrers_api.h); where that is known, nothing is sent. The caller then looks
 * for the index under the fallback tag ("Unavailable Referrers API").
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
