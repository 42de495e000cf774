/*
 * proxy - which proxy a URL is requested through: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as the
 * container tools read them (Go's httpproxy). The URL's scheme chooses; loopback hosts never go
 * through a proxy.
 *
 * An entry of NO_PROXY is a name ("corp.example": it and all names below it), ".corp.example" or
 * "*.corp.example" (only names below it), an address, a network ("10.0.0.0/8"), each with an
 * optional port, or "*".
 */
#ifndef OCI_HTTP_PROXY_H
#define OCI_HTTP_PROXY_H

#include <stdbool.h>

struct err;
struct url;

/* All lent, any may be NULL or "". */
struct proxy {
	const char *http, *https; /* "http://proxy.corp:3128", "proxy.corp:3128" */
	const char *except;       /* comma-separated */
};

/* USAGE when the value of HTTP_PROXY or HTTPS_PROXY is not [scheme://][user:password@]host[:port],
 * with the characters of the password that a URL cannot have as %XX (RFC 3986, 3.2). The error
 * names the variable and never its value, which may hold a password. To be called before any
 * request: libcurl's own error repeats the value. */
int proxy_check(const struct proxy *p, struct err *err);

/* The proxy for u, lent from p; NULL: none. */
const char *proxy_for(const struct proxy *p, const struct url *u);

#endif
