/*
 * origin - the one rule about where a registry's answers may send us, and what goes along.
 *
 * A registry names other places: redirects to storage, token realms, the next page of a listing, `urls` of
 * foreign layers. What is named is a stranger's word, and we may stand in a network that the stranger
 * cannot zone. So, for all of these alike:
 *
 * 1. Schemes. Only http and https. From https never to http. What is asked over plain http may send us
 *    anywhere, since whoever sits on that line can answer for it anyway.
 *
 * 2. Addresses. Public < private (RFC 1918, RFC 4193, RFC 6598) < local (loopback, link-local, unspecified; so
 *    also a cloud's metadata service). Nobody sends us nearer to home than he is himself: a public registry
 *    only to public addresses, one in a private network not to this machine. How near a registry is, is
 *    the address it was reached at; a name is judged by the address it leads to, before a byte is sent.
 *    Behind a proxy, which resolves names for us, only written addresses can be judged.
 *
 * 3. Credentials. Authorization goes to the origin (scheme, host, port) it was made for and to no other; dropped
 *    on the way it does not come back. A token realm, which may be another host since the registry is
 *    trusted with its own credentials, gets those and no others; it may not redirect to another
 *    origin with a body or an Authorization. A next page is asked for at the origin of the page before. `urls` are
 *    asked for without any credentials. Where a registry redirects to, we are guests: if a token is wanted there, it
 *    is asked for anonymously, even when we know a password for that host.
 *
 * 4. What mirror.conf or the command line names is no stranger's word: it is asked as it is written.
 */
#ifndef OCI_HTTP_ORIGIN_H
#define OCI_HTTP_ORIGIN_H

#include <stdbool.h>

#include "oci/base/span.h"

struct err;
struct sockaddr;
struct url;

enum origin_zone { ORIGIN_PUBLIC, ORIGIN_PRIVATE, ORIGIN_LOCAL };

/* Of an address as text ("10.1.2.3", "fe80::1", "[::1]", "::ffff:127.0.0.1") or of "localhost" and names below it;
 * any other name says nothing and is PUBLIC until it is resolved. */
enum origin_zone origin_zone_of(struct span host);

/* Whether plain http is the default for this host: 127.0.0.0/8, ::1, localhost. */
bool origin_is_loopback(struct span host);

/* May an answer from `base`, reached at `zone`, send us to `target`? INVALID, saying why not. What
 * target's name resolves to is checked again when it is connected (origin_may_connect). */
int origin_may_follow(const struct url *base, enum origin_zone zone, const struct url *target,
		      struct err *err);

/* The URL that an answer from the URL `from`, reached at `zone`, names with `to`, perhaps relative to it: a new text when
 * we may be sent there, else NULL. *cross_origin becomes true when it is at another origin. */
char *origin_resolve(const char *from, enum origin_zone zone, struct span to, bool *cross_origin,
		     struct err *err);

/* Whether a request that was allowed `zone` may be sent to this address. */
bool origin_may_connect(enum origin_zone zone, const char *address);

#endif
