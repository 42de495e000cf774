/*
 * listing - lists in pages: tags, the catalogue, referrers.
 *
 * distribution-spec, "Listing Tags" and "Listing Referrers"; the catalogue is not in the
 * specification and is answered as other registries do. A page ends after n entries or when it
 * would become larger than clients accept; then a Link field has the address of the next page (RFC
 * 8288). The entry named by `last` need not exist.
 *
 * Each function queues the reply to an exchange. Errors are replies, too.
 */
#ifndef SERVE_LISTING_H
#define SERVE_LISTING_H

#include <stdbool.h>

struct exchange;

/* The tags of x->repository, under the name that the client used. Snapshots are left out unless the
 * server lists them. */
void listing_tags(struct exchange *x);
/* All repositories, by names that clients can write; with a namespace only those of that host,
 * without it. */
void listing_catalog(struct exchange *x);
/* The referrers of the digest in x->route.reference; only those of the requested artifact types, if
 * any. */
void listing_referrers(struct exchange *x);

/* x->route.reference is a tag that is not stored. When it is the fallback tag of referrers
 * (sha256-<hex>; distribution-spec, "Referrers Tag Schema") and its subject has some, answers with
 * the index of them that a registry without the API would keep there. False: nothing was
 * answered. */
bool listing_fallback(struct exchange *x);

#endif
