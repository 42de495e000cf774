/*
 * unit - amounts as people write them: "90d", "40G".
 */
#ifndef OCI_BASE_UNIT_H
#define OCI_BASE_UNIT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "oci/base/span.h"

struct err;

#define UNIT_NEVER LONG_MAX

/* Seconds: a number with s, m, h, d or w ("10m", "6h", "90d"), or "never" (UNIT_NEVER). USAGE
 * otherwise. */
int unit_duration(long *seconds, struct span text, struct err *err);
/* The duration as text, in the largest of d, h and s that is exact; the caller frees it. */
char *unit_duration_text(long seconds);

/* Bytes: a number, plain or with K, M, G or T (powers of 1024; "GB" and "GiB" are "G"). USAGE
 * otherwise. */
int unit_size(int64_t *bytes, struct span text, struct err *err);

/* So much in each period: requests, or bytes. */
struct unit_rate {
	int64_t amount;
	long seconds;
};

/* Requests: a number, "/" and a period: "10/s", "100/6h". Both are above 0. USAGE otherwise, also
 * for a number without a period, and for one of bytes. */
int unit_rate(struct unit_rate *rate, struct span text, struct err *err);

/* Bytes: an amount as unit_size() reads it, each second: "50M". After an amount with a unit, "/"
 * and a period may stand: "50M/s", "1G/h". Both are above 0. USAGE otherwise, also for "10/s",
 * which counts requests. */
int unit_byte_rate(struct unit_rate *rate, struct span text, struct err *err);

/* So much, or a share of a whole that is known later. */
struct unit_share {
	long amount; /* percent: 0 to 100 */
	bool is_percent;
};
#define UNIT_SHARE_MAX 1000000000L

/* A number up to UNIT_SHARE_MAX, or a percentage: "20", "20%". USAGE otherwise. */
int unit_share(struct unit_share *share, struct span text, struct err *err);
/* The share of a whole, rounded up; of a whole that is not known (< 0), a percentage is 0. */
long unit_share_of(const struct unit_share *share, long whole);

#endif
