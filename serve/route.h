/*
 * route - what a request's target names, in the distribution API (distribution-spec, "Endpoints").
 *
 *	/v2/                                base
 *	/v2/<name>/manifests/<reference>    manifest
 *	/v2/<name>/blobs/<digest>           blob
 *	/v2/<name>/tags/list                tags
 *	/v2/<name>/referrers/<digest>       referrers
 *	/v2/_catalog                        catalog
 *	/v2/_ocimirror/index.json           index
 *
 * A name may hold components such as "manifests" or "tags": the path is read from its right end.
 * Percent-escapes are decoded once, before anything is looked at (RFC 3986, 2.4). Nothing here says
 * that a name, tag or digest is valid: they are keys to look up, never paths.
 */
#ifndef SERVE_ROUTE_H
#define SERVE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/limits.h"
#include "oci/base/span.h"

enum route_kind {
	ROUTE_NONE, /* nothing that exists here */
	ROUTE_BAD,  /* a percent-escape that is none, or one of NUL */
	ROUTE_BASE,
	ROUTE_MANIFEST,
	ROUTE_BLOB,
	ROUTE_TAGS,
	ROUTE_REFERRERS,
	ROUTE_CATALOG,
	ROUTE_INDEX,
};

#define ROUTE_TYPES 8 /* artifactType parameters that are looked at */

struct route {
	enum route_kind kind;
	struct span name;      /* the repository's, as the client calls it */
	struct span reference; /* tag or digest */
	/* of the query; p is NULL when absent */
	struct span ns, n, last;
	struct span types[ROUTE_TYPES];
	size_t ntypes;
};

/* Reads path and query, which together have at most LIMIT_REQUEST_LINE bytes. The spans point into them
 * or, where escapes were decoded, into scratch. */
void route_parse(struct route *r, struct span path, struct span query,
		 char scratch[static LIMIT_REQUEST_LINE]);

#endif
