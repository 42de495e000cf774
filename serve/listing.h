/*
 * listing - lists in pages: tags, the catalogue, referrers.
 *
 * distribution-spec, "Listing Tags" and "Listing Referrers"; the catalogue is not in the specification
 * and is answered as other registries do. A page ends after n entries or when it would become larger
 * than clients read; then Link says where the next one begins (RFC 8288). `last` need not exist.
 */
#ifndef SERVE_LISTING_H
#define SERVE_LISTING_H

struct exchange;

/* Of x->repository, named as the client called it. Snapshots are left out unless the server lists them. */
void listing_tags(struct exchange *x);
/* All repositories by the names clients can write; with a namespace only its own, without their host. */
void listing_catalog(struct exchange *x);
/* Of the digest in x->route.reference, perhaps only those of the artifact types asked for. */
void listing_referrers(struct exchange *x);

#endif
