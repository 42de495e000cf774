/*
 * bucket - so much in a period of time (a token bucket): requests, or bytes.
 *
 * Decisions only: the time is given (clock_now()). What is taken is paid for in time: the next may
 * be taken when it is paid. So more can be taken than there is, as with bytes that have come
 * already, and the average holds. A bucket of zeros has no limit.
 */
#ifndef OCI_REGISTRY_BUCKET_H
#define OCI_REGISTRY_BUCKET_H

#include <stdint.h>

#include "oci/base/unit.h"

struct bucket {
	struct unit_rate rate; /* amount <= 0: no limit */
	int64_t credit;        /* nanoseconds of idle time that count for later */
	int64_t paid_at;       /* when everything that was taken is paid */
};

/* Limits it to the rate, unless it is limited to a lower one; an amount <= 0 changes nothing. */
void bucket_limit(struct bucket *b, const struct unit_rate *rate);
/* Takes n; a negative n is given back. */
void bucket_take(struct bucket *b, int64_t n, int64_t now);
/* When something may be taken; 0: at any time. */
int64_t bucket_ready_at(const struct bucket *b);

#endif
