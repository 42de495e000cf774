#include "oci/registry/bucket.h"

#include "oci/base/clock.h"

/* To compare rates by: the price of one byte may be less than a nanosecond. */
#define MANY (INT64_C(1) << 20)

/* Nanoseconds for n. */
static int64_t price(const struct unit_rate *rate, int64_t n)
{
	return (int64_t)((double)n * (double)rate->seconds * (double)CLOCK_SEC /
			 (double)rate->amount);
}

void bucket_limit(struct bucket *b, const struct unit_rate *rate)
{
	if (rate->amount <= 0)
		return;
	if (b->rate.amount <= 0 || price(rate, MANY) > price(&b->rate, MANY))
		b->rate = *rate;
}

void bucket_take(struct bucket *b, int64_t n, int64_t now)
{
	if (b->rate.amount <= 0)
		return;
	if (b->paid_at < now - b->credit)
		b->paid_at = now - b->credit;
	b->paid_at += price(&b->rate, n);
}

int64_t bucket_ready_at(const struct bucket *b)
{
	return b->rate.amount > 0 ? b->paid_at : 0;
}
