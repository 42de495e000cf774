/*
 * url - http and https URLs, taken apart and put together (RFC 3986).
 *
 * What is parsed here is safe to hand to a client: no userinfo, no blank, no control character, no
 * backslash, at most LIMIT_URL bytes; a fragment is cut off, since it is never sent.
 */
#ifndef OCI_BASE_URL_H
#define OCI_BASE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct err;

/* All lent by the text it was parsed from. */
struct url {
	bool https;
	struct span host;   /* as written: "Registry.Corp", "127.0.0.1", "[::1]" */
	unsigned port;      /* the scheme's own when none is written */
	struct span target; /* path and query: "", "/v2/?n=1", "?n=1" */
};

/* INVALID when text is no absolute http or https URL. */
int url_parse(struct url *u, struct span text, struct err *err);

/* What `reference` (absolute, "//host/x", "/x", "x", "../x", "?x") means, said by the answer to `base`
 * (RFC 3986, 5.2): a URL that url_parse() accepts, with escapes where they were forgotten, which the caller frees, or NULL with INVALID. */
char *url_resolve(const char *base, struct span reference, struct err *err);

/* The same scheme, host and port (RFC 6454, 4). */
bool url_same_origin(const struct url *a, const struct url *b);

/* "https://host[:port]", the port left out when it is the scheme's own; lower case. The caller frees. */
char *url_origin(const struct url *u);

/* A URL as it may stand in a message: without userinfo and without the query, where signed URLs carry their
 * secrets. Cut to fit. */
#define URL_SHOWN 200
void url_show(const char *url, char out[static URL_SHOWN]);

#endif
