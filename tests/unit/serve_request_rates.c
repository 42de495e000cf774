#include "serve/request_rates.h"

#include <stdio.h>

#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "serve/access_log.h"
#include "tests/tap.h"

#define HALF (CLOCK_SEC / 2)

/* With 4 requests a second: `asked` requests at a time in nanoseconds; one sequence. */
static const struct {
	const char *name, *client;
	int64_t at;
	int asked, allowed;
} rows[] = {
	{ "as many at once as in a second", "192.0.2.1", CLOCK_SEC, 6, 4 },
	{ "none at the same time", "192.0.2.1", CLOCK_SEC, 1, 0 },
	{ "another address has its own", "192.0.2.2", CLOCK_SEC, 3, 3 },
	{ "refused ones do not count", "192.0.2.1", CLOCK_SEC + HALF, 5, 2 },
	{ "a bucket is never more than full", "192.0.2.1", 60 * CLOCK_SEC, 9, 4 },
	{ "addresses of one IPv6 network", "2001:db8:1:2::1", 60 * CLOCK_SEC, 3, 3 },
	{ "share what there is", "2001:db8:1:2:f::9", 60 * CLOCK_SEC, 3, 1 },
	{ "another network has its own", "2001:db8:1:3::1", 60 * CLOCK_SEC, 4, 4 },
	{ "a unix socket has no address", "unix:", 60 * CLOCK_SEC, 99, 99 },
};

static int take_some(struct request_rates *r, const char *client, int64_t at, int asked)
{
	int allowed = 0;

	while (asked--)
		allowed += request_rates_take(r, client, at);
	return allowed;
}

/* n addresses ask once each. */
static void ask_from_many(struct request_rates *r, unsigned net, unsigned n, int64_t at)
{
	char client[ACCESS_LOG_PEER];

	for (unsigned i = 0; i < n; i++) {
		snprintf(client, sizeof(client), "%u.%u.%u.1", net, i / 256 % 256, i % 256);
		request_rates_take(r, client, at);
	}
}

static void test_room(void)
{
	struct request_rates r = REQUEST_RATES_INIT;

	r.most = 1;
	ask_from_many(&r, 10, LIMIT_RATE_ADDRESSES, CLOCK_SEC);
	CHECK(r.table.n == LIMIT_RATE_ADDRESSES);
	CHECK_ROW(take_some(&r, "10.0.7.1", CLOCK_SEC, 1) == 0, "a known address waits");
	CHECK(take_some(&r, "192.0.2.1", CLOCK_SEC, 2) == 1 && r.table.n == 1);
	CHECK_ROW(take_some(&r, "10.0.7.1", CLOCK_SEC, 2) == 1, "a forgotten one begins anew");
	ask_from_many(&r, 11, LIMIT_RATE_ADDRESSES - 2, 9 * CLOCK_SEC);
	ask_from_many(&r, 12, 1, 9 * CLOCK_SEC);
	CHECK_ROW(r.table.n == 1, "a full table of full and empty buckets is forgotten");
	ask_from_many(&r, 11, LIMIT_RATE_ADDRESSES - 1, 19 * CLOCK_SEC);
	take_some(&r, "10.0.9.1", 29 * CLOCK_SEC, 1);
	CHECK_ROW(r.table.n == 1, "full buckets make room");
	request_rates_release(&r);
}

int main(void)
{
	struct request_rates r = REQUEST_RATES_INIT;

	CHECK(take_some(&r, "192.0.2.1", 1, 1000) == 1000);
	r.most = 4;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(take_some(&r, rows[i].client, rows[i].at, rows[i].asked) ==
				  rows[i].allowed,
			  rows[i].name);
	/* an interval of a whole nanosecond, or of one that is rounded */
	r.most = 1000000;
	CHECK(take_some(&r, "192.0.2.9", CLOCK_SEC, 1000001) == 1000000);
	r.most = 3;
	CHECK(take_some(&r, "192.0.2.10", CLOCK_SEC, 4) == 3);
	request_rates_release(&r);
	test_room();
	return tap_done();
}
