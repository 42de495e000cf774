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
 * 2. Addresses. The zones are, from the outermost to the innermost: public; private (RFC 1918, RFC
 *    4193, RFC 6598); link-local; loopback. An address may redirect us only to the same or a more
 *    public zone, and one on loopback to loopback only. No address may send us to those where no
 *    registry is: metadata services of clouds, which hand out credentials; multicast; reserved
 *    blocks. An address that leads to an IPv4 address in it (NAT64, 6to4) is in the inner one's
 *    zone. The zone of a registry is that of the address it was reached at. A name is judged by the
 *    address it resolves to, before a byte is sent. Behind a proxy, which resolves names, only
 *    addresses that a URL spells out can be judged.
 *
 * 3. Credentials. Authorization goes to the origin (scheme, host, port) it was made for and to no
 *    other; once dropped on the way, it is not sent again. A token realm may be another host: it
 *    gets the credentials of its registry and no others, and may not redirect a request with a
 *    body or an Authorization to another origin. A next page is asked for at the origin of the
 *    page before, with what that page was asked with. `urls` are fetched without credentials. When
 *    the target of a redirect asks for a token, the token is fetched anonymously, even when a
 *    password for that host is known.
 *
 * 4. URLs in mirror.conf and on the command line may lead to any zone but the last. The host of a
 *    list's line, which no `registry` line configures, may resolve to public and private addresses
 *    only.
 */
#ifndef OCI_HTTP_ORIGIN_H
#define OCI_HTTP_ORIGIN_H

#include <stdbool.h>

#include "oci/base/span.h"

struct err;
struct sockaddr;
struct url;

enum origin_zone {
	ORIGIN_PUBLIC,
	ORIGIN_PRIVATE,
	ORIGIN_LINK,
	ORIGIN_LOOPBACK,
	ORIGIN_LISTED,     /* of no address: a line of a list sends us, and nothing configures it */
	ORIGIN_CONFIGURED, /* of no address: an operator's URL sends us */
	ORIGIN_NEVER,
};

/* The zone of an address as text ("10.1.2.3", "fe80::1", "[::1]", "::ffff:127.0.0.1"), of
 * "localhost" and of names below it; any other name is PUBLIC until it is resolved. */
enum origin_zone origin_zone_of(struct span host);

/* Whether host is an address or a name for loopback: its zone is known before it is resolved. */
bool origin_is_literal(struct span host);

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

/* Whether a request that something in `zone` made us send may go to this address. */
bool origin_may_connect(enum origin_zone zone, const char *address);

/* The same with an error: INVALID, which names the address and what would allow it. */
int origin_check_connect(enum origin_zone zone, const char *address, struct err *err);

/* "a private network": a zone of addresses, for a message. */
const char *origin_zone_words(enum origin_zone zone);

#endif
