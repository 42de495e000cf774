/*
 * proxy - which proxy a URL is asked through: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as the container tools
 * read them (Go's httpproxy): the URL's scheme chooses; loopback hosts are always asked directly.
 *
 * An entry of NO_PROXY is a name ("corp.example": it and all below it), ".corp.example" or "*.corp.example" (only
 * those below), an address, a network ("10.0.0.0/8"), each with an optional port, or "*".
 */
#ifndef OCI_HTTP_PROXY_H
#define OCI_HTTP_PROXY_H

#include <stdbool.h>

struct url;

/* All lent, any may be NULL or "". */
struct proxy {
	const char *http, *https; /* "http://proxy.corp:3128", "proxy.corp:3128" */
	const char *except;       /* comma-separated */
};

/* The proxy for u, or NULL. */
const char *proxy_for(const struct proxy *p, const struct url *u);

#endif
