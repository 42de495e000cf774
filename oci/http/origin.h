/*
 * origin - where a registry's answers may send us, and what goes along: the one rule.
 *
 * A registry names other places: redirects to storage, token realms, the next page of a list,
 * `urls` of foreign layers. These names are not trusted: this machine may be in a network that the
 * registry cannot reach. For all of them:
 *
 * 1. Schemes. Only http and https, and never from https to http. An answer over plain http may
 *    send us to either, since anyone on that line could forge it.
 *
 * 2. Addresses. There are three zones, from the outermost to the innermost: public; private (RFC
 *    1918, RFC 4193, RFC 6598); local (loopback, link-local, unspecified: also the metadata
 *    service of a cloud). An address may redirect us only to the same or a more public zone: a
 *    public registry only to public addresses, one in a private network not to this machine. The
 *    zone of a registry is that of the address it was reached at. A name is judged by the address
 *    it resolves to, before a byte is sent. Behind a proxy, which resolves names, only addresses
 *    that a URL spells out can be judged.
 *
 * 3. Credentials. Authorization goes to the origin (scheme, host, port) it was made for and to no
 *    other; once dropped on the way, it is not sent again. A token realm may be another host: it
 *    gets the credentials of its registry and no others, and may not redirect a request with a
 *    body or an Authorization to another origin. A next page is asked for at the origin of the
 *    page before. `urls` are fetched without credentials. When the target of a redirect asks for a
 *    token, the token is fetched anonymously, even when a password for that host is known.
 *
 * 4. URLs in mirror.conf and on the command line are trusted and used as they are.
 */
#ifndef OCI_HTTP_ORIGIN_H
#define OCI_HTTP_ORIGIN_H

#include <stdbool.h>

#include "oci/base/span.h"

struct err;
struct sockaddr;
struct url;

enum origin_zone { ORIGIN_PUBLIC, ORIGIN_PRIVATE, ORIGIN_LOCAL };

/* The zone of an address as text ("10.1.2.3", "fe80::1", "[::1]", "::ffff:127.0.0.1"), of
 * "localhost" and of names below it; any other name is PUBLIC until it is resolved. */
enum origin_zone origin_zone_of(struct span host);

/* Whether plain http is the default for this host: 127.0.0.0/8, ::1, localhost. */
bool origin_is_loopback(struct span host);

/* Whether an answer from `base`, which is in `zone`, may send us to `target`: 0, or INVALID with
 * the reason. The address that target's name resolves to is checked when a connection is made
 * (origin_may_connect()). */
int origin_may_follow(const struct url *base, enum origin_zone zone, const struct url *target,
		      struct err *err);

/* Resolves `to`, which an answer from the URL `from`, in `zone`, names and which may be relative.
 * Gives the URL, which the caller frees, or NULL when origin_may_follow() forbids it.
 * *cross_origin becomes true when it is at another origin. */
char *origin_resolve(const char *from, enum origin_zone zone, struct span to, bool *cross_origin,
		     struct err *err);

/* Whether a request that is allowed into `zone` may be sent to this address. */
bool origin_may_connect(enum origin_zone zone, const char *address);

#endif
