/*
 * pull_referrers - the referrers of a manifest: signatures, SBOMs, attestations
 * (distribution-spec, "Listing Referrers").
 *
 * The referrers API is asked first, for all its pages. When the registry does not have it (404),
 * the index under the fallback tag <algorithm>-<hex> is fetched ("Unavailable Referrers API");
 * when that is missing too, there are no referrers.
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
