/*
 * request_rates - how many requests a second each address may send, for --limit
 * requests-per-second=.
 *
 * Each address (address_key.h) has a bucket of N requests that fills up with N a second: N requests
 * at once are fine, and N a second from then on. The table has a ceiling
 * (LIMIT_RATE_ADDRESSES): when a stranger with many addresses has filled it, full buckets are
 * forgotten, or else all of them. So an address may get a few requests more, and never fewer.
 *
 *	request_rates_take(&rates, client, now)	a request has arrived; from any thread
 */
#ifndef SERVE_REQUEST_RATES_H
#define SERVE_REQUEST_RATES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "oci/base/table.h"

struct request_rates {
	pthread_mutex_t lock;
	int64_t most;       /* requests a second; below 0: any number, and nothing is counted */
	struct table table; /* of buckets, by key */
};

/* Without a limit; `most` may be set before the first request. */
#define REQUEST_RATES_INIT                                                                         \
	{                                                                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER, .most = -1, .table = TABLE_INIT                 \
	}
void request_rates_release(struct request_rates *r);

/* Whether the client, an address as text, may send a request now (clock_now()); then it is counted.
 * True for what is no address, such as "unix:". */
bool request_rates_take(struct request_rates *r, const char *client, int64_t now);

#endif
