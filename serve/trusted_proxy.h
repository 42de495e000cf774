/*
 * trusted_proxy - whose X-Forwarded-For is believed, and the client that it names.
 *
 * A proxy adds the address of its own client at the right end of the list. So the list is read from
 * the right: the first address that is no trusted proxy is the client, and everything to its left
 * is what that client claims. Without a trusted peer the field is ignored.
 */
#ifndef SERVE_TRUSTED_PROXY_H
#define SERVE_TRUSTED_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"
#include "serve/access_log.h"

struct err;

#define TRUSTED_PROXIES_MAX 64

struct trusted_proxies {
	struct trusted_range {
		uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
		unsigned bits;       /* of it that count, 0 to 128 */
	} v[TRUSTED_PROXIES_MAX];
	size_t n;
	bool local; /* peers on a unix socket */
};

/* Adds "10.0.0.0/8", "fd00::/8", an address alone, or "unix:" for clients of a unix socket. -1 with
 * USAGE. */
int trusted_proxy_add(struct trusted_proxies *t, const char *text, struct err *err);

/* Whether a peer, as listen_accept() writes it, is a trusted proxy. */
bool trusted_proxy_has(const struct trusted_proxies *t, const char *peer);

/*
 * The client of a request from a trusted peer: forwarded has the values of the n X-Forwarded-For
 * fields, in their order. Addresses may have a port, and IPv6 brackets. What is no address ends the
 * search: then the proxy that sent it is taken, as it is when the list is empty. When all are
 * trusted, the leftmost is taken.
 */
void trusted_proxy_client(const struct trusted_proxies *t, const char *peer,
			  const struct span *forwarded, size_t n,
			  char client[static ACCESS_LOG_PEER]);

#endif
