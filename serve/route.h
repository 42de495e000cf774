/*
 * route - what a request's path names, in the distribution API (distribution-spec, "Endpoints").
 *
 * Percent-escapes are decoded once, before anything is looked at (RFC 3986, 2.4). Names, tags and
 * digests are not checked here: they are keys to look up, never paths of files.
 */
#ifndef SERVE_ROUTE_H
#define SERVE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/limits.h"
#include "oci/base/span.h"

/*
 * The table of routes: ROW(kind, path). A row makes the enumerator, and route_parse() finds it;
 * answer.c does not compile until its switch answers it. <name> is a repository's name, which may
 * hold components such as "manifests" or "tags", so paths with one are read from their right end:
 * after <name> come two components, the last of which may be in <>, too. Names never begin with
 * "_": such paths are extensions.
 */
#define ROUTES(ROW)                                                                                \
	ROW(ROUTE_ROOT, "/")                                                                       \
	ROW(ROUTE_BASE, "/v2/")                                                                    \
	ROW(ROUTE_CATALOG, "/v2/_catalog")                                                         \
	ROW(ROUTE_INDEX, "/v2/_ocimirror/index.json")                                              \
	ROW(ROUTE_JOURNAL, "/v2/_ocimirror/journal")                                               \
	ROW(ROUTE_TOKEN, "/v2/_ocimirror/token")                                                   \
	ROW(ROUTE_MANIFEST, "/v2/<name>/manifests/<reference>")                                    \
	ROW(ROUTE_BLOB, "/v2/<name>/blobs/<digest>")                                               \
	ROW(ROUTE_TAGS, "/v2/<name>/tags/list")                                                    \
	ROW(ROUTE_REFERRERS, "/v2/<name>/referrers/<digest>")

#define ROUTE_ENUMERATOR(kind, path) kind,
enum route_kind {
	ROUTE_NONE, /* nothing that exists here */
	ROUTE_BAD,  /* a percent-escape that cannot be decoded, or one of NUL */
	ROUTES(ROUTE_ENUMERATOR)
};
#undef ROUTE_ENUMERATOR
#define ROUTE_ONE(kind, path) +1
#define ROUTE_KINDS           (ROUTE_BAD + 1 ROUTES(ROUTE_ONE))

#define ROUTE_TYPES           8 /* artifactType parameters that are looked at */

struct route {
	enum route_kind kind;
	struct span name;      /* <name>, as the client writes it; empty when the path has none */
	struct span reference; /* the last component behind a <name>: tag or digest */
	/* parameters of the query; p is NULL when absent */
	struct span ns, n, last, scope, from;
	struct span types[ROUTE_TYPES];
	size_t ntypes;
};

/* Reads path and query, which together have at most LIMIT_REQUEST_LINE bytes. The spans point into
 * them or, where escapes were decoded, into scratch. Cannot fail: the kind says what was found. */
void route_parse(struct route *r, struct span path, struct span query,
		 char scratch[static LIMIT_REQUEST_LINE]);

/* Whether such a path has a <name>. */
bool route_has_name(enum route_kind kind);

#endif
