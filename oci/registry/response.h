/*
 * response - what the headers of an upstream's response say about the host, beside what was asked
 * for: its quota, its warnings, its challenges, and when to ask again.
 */
#ifndef OCI_REGISTRY_RESPONSE_H
#define OCI_REGISTRY_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"

struct endpoint;
struct err;
struct http_call;
struct throttle;
struct upstream;

/* INVALID when the body is compressed although no encoding was accepted. */
int response_check_encoding(const struct http_call *c, struct err *err);

/* Tells the program each Warning of the response (distribution-spec, "Warnings"). */
void response_tell_warnings(const struct http_call *c, const struct endpoint *e);

/* Retry-After in nanoseconds from now; -1 where it is not said. */
int64_t response_retry_after(const struct http_call *c);

/* Hands the RateLimit headers of the response to the host's throttle. */
void response_read_quota(const struct http_call *c, struct throttle *t);
/* Notes by how much the host's clock is ahead of this machine's (Date and Age, RFC 9110, 6.6.1, and
 * RFC 9111, 5.1). */
void response_read_date(const struct http_call *c, struct upstream *up);

/* Whether they say that no pull is left. */
bool response_has_no_pulls_left(const struct http_call *c);

/* The values of WWW-Authenticate, lent as long as the call's headers; gives how many. */
#define RESPONSE_CHALLENGES 8
size_t response_challenges(const struct http_call *c,
			   struct span challenges[static RESPONSE_CHALLENGES]);

#endif
