/*
 * header - values of HTTP headers that registries send. Each function is lenient where registries
 * are known to be sloppy, and safe for any bytes.
 */
#ifndef OCI_HTTP_HEADER_H
#define OCI_HTTP_HEADER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "oci/base/span.h"

/* "type/subtype" of a Content-Type, without parameters (RFC 9110, 8.3). */
struct span header_media_type(struct span value);

/* "bytes 100-199/200" (RFC 9110, 14.4); total is -1 for "*". False when it is anything else. */
bool header_content_range(struct span value, int64_t *first, int64_t *last, int64_t *total);

/* A length as Content-Length has it; -1 when it is none. */
int64_t header_length(struct span value);

/* Retry-After or RateLimit-Reset in seconds from now: seconds, a date (RFC 9110, 10.2.3), or, as
 * Docker Hub sends it, seconds since 1970. Text behind a ";" is ignored. `wall` is clock_wall().
 * At most HEADER_RETRY_MAX; -1 when the value is none of these. */
#define HEADER_RETRY_MAX (INT64_C(7) * 24 * 3600)
int64_t header_retry_after(struct span value, time_t wall);

/* "100;w=21600" as Docker Hub sends RateLimit-Limit and -Remaining: the number, and the window in
 * seconds, -1 when there is none. False when there is no number. */
bool header_rate_limit(struct span value, long *number, long *window);

/* The target of the first link with rel="next" in a Link header (RFC 8288); p is NULL when there is
 * none. */
struct span header_link_next(struct span value);

/* The text of a Warning header ('299 - "text"', RFC 7234, 5.5; distribution-spec, "Warnings"), its
 * escapes left as they are; p is NULL when the value has another form. */
struct span header_warning(struct span value);

/* The value of the nth field (from 0) with that name, in lines "Name: value"; p is NULL when there
 * is none. */
struct span header_field(struct span headers, const char *name, size_t nth);

#endif
