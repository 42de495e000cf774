/*
 * clock - the time, and dates as text.
 *
 * Waiting and expiry use the monotonic clock, so that a wrong wall clock does no harm; the wall
 * clock is only for people to read: dates in names, annotations and journals.
 */
#ifndef OCI_BASE_CLOCK_H
#define OCI_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_MS  INT64_C(1000000)
#define CLOCK_SEC INT64_C(1000000000)

/* Nanoseconds on a clock that never goes back. */
int64_t clock_now(void);

/* Seconds since 1970. */
time_t clock_wall(void);

/* "2026-11-20T08:15:00Z" */
#define CLOCK_RFC3339 21
void clock_rfc3339(time_t t, char out[static CLOCK_RFC3339]);

/* Parses an RFC 3339 date (fractions are dropped, offsets applied); -1 when text is not one. */
time_t clock_parse_rfc3339(const char *text);

/* "Fri, 20 Nov 2026 08:15:00 GMT", RFC 9110, 5.6.7. */
#define CLOCK_HTTP 30
void clock_http(time_t t, char out[static CLOCK_HTTP]);

/* Parses the three date forms of RFC 9110, 5.6.7; -1 when text is none of them. */
time_t clock_parse_http(const char *text);

#endif
