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
#include "oci/http/origin.h"

struct endpoint;
struct err;
struct http_call;
struct throttle;
struct upstream;

/*
 * Content-Encoding is a claim. Requests accept no encoding but identity, and bodies are taken as
 * they come: registries that store a blob with such a label (x-gzip, aws-chunked) send the right
 * bytes all the same, and the digest decides. Only when the content is refused is the label told,
 * as its likely reason.
 */
#define RESPONSE_ENCODING 32
/* Gets the label; "" when there is none, or "identity". */
void response_read_encoding(const struct http_call *c, char encoding[static RESPONSE_ENCODING]);
/* Adds the label to an error about the content; other errors stay as they are. */
void response_blame_encoding(const char *encoding, struct err *err);

/* Tells the program each Warning of the response (distribution-spec, "Warnings"). */
void response_tell_warnings(const struct http_call *c, const struct endpoint *e);

/* Retry-After in nanoseconds from now; -1 where it is not said. */
int64_t response_retry_after(const struct http_call *c);

/* The URL in Location, which the caller frees; NULL when it may not be followed, or when it would
 * be one hop too many. *cross_origin: it is at another origin. */
char *response_redirect(const struct http_call *c, enum origin_zone zone, unsigned hops,
			bool *cross_origin, struct err *err);

/* Puts the host of a response in front of an error: one to which the registry redirected. */
void response_name_host(const struct http_call *c, struct err *err);

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
