/*
 * url - http and https URLs: parsing and resolving (RFC 3986).
 *
 * A URL that parses is safe to give to an HTTP client: it has no userinfo, blank, control character
 * or backslash, and at most LIMIT_URL bytes. A fragment is cut off, since it is never sent.
 */
#ifndef OCI_BASE_URL_H
#define OCI_BASE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct err;

/* Its spans point into the text that was parsed. */
struct url {
	bool https;
	struct span host;   /* as written: "Registry.Corp", "127.0.0.1", "[::1]" */
	unsigned port;      /* the default of the scheme when none is written */
	struct span target; /* path and query: "", "/v2/?n=1", "?n=1" */
};

/* INVALID when text is not an absolute http or https URL. */
int url_parse(struct url *u, struct span text, struct err *err);

/* Resolves `reference` (absolute, "//host/x", "/x", "x", "../x", "?x") against the URL `base` (RFC
 * 3986, 5.2). Gives a URL that url_parse() accepts, with missing escapes added; the caller frees
 * it. NULL with INVALID when there is none. */
char *url_resolve(const char *base, struct span reference, struct err *err);

/* The same scheme, host and port (RFC 6454, 4). */
bool url_same_origin(const struct url *a, const struct url *b);

/* "https://host[:port]" in lower case, without the default port. The caller frees it. */
char *url_origin(const struct url *u);

/* A URL for a message: without userinfo and query, where signed URLs carry secrets; cut to fit. */
#define URL_SHOWN 200
void url_show(const char *url, char out[static URL_SHOWN]);

#endif
