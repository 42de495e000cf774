/* bucket and flow: rates, by a clock that the test turns. */
#include "oci/registry/bucket.h"

#include "oci/base/clock.h"
#include "oci/registry/flow.h"
#include "tests/tap.h"

#define START (1000 * CLOCK_SEC)

static void test_requests(void)
{
	static const struct {
		const char *name;
		int64_t now, n, ready_at; /* milliseconds after START */
	} rows[] = {
		{ "the first may start at once", 0, 1, 100 },
		{ "the next in its turn", 100, 1, 200 },
		{ "one more than there is", 100, 1, 300 },
		{ "is paid for", 300, 1, 400 },
		{ "what is given back counts", 300, -1, 300 },
		{ "idle time does not", 5000, 1, 5100 },
		{ "many at once", 5100, 20, 7100 },
	};
	struct bucket b = { .rate = { 10, 1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bucket_take(&b, rows[i].n, START + rows[i].now * CLOCK_MS);
		CHECK_ROW(bucket_ready_at(&b) == START + rows[i].ready_at * CLOCK_MS, rows[i].name);
	}
}

static void test_limits(void)
{
	static const struct unit_rate none = { -1, 0 }, slow = { 100, 3600 }, fast = { 10, 1 };
	struct bucket b = { .credit = 0 };

	bucket_limit(&b, &none);
	bucket_take(&b, 1000, START);
	CHECK_ROW(bucket_ready_at(&b) == 0, "without a rate there is no limit");
	bucket_limit(&b, &fast);
	CHECK_ROW(b.rate.amount == 10, "the first rate");
	bucket_limit(&b, &slow);
	bucket_limit(&b, &fast);
	CHECK_ROW(b.rate.amount == 100, "the lowest of several, by its period");
	b.credit = 50 * CLOCK_SEC;
	bucket_take(&b, 1, START);
	CHECK_ROW(bucket_ready_at(&b) == START - 14 * CLOCK_SEC, "so much idle time counts");
}

static void test_piece(void)
{
	static const struct {
		const char *name;
		struct unit_rate rate;
		long piece;
	} rows[] = {
		{ "no limit", { 0, 1 }, 0 },
		{ "a high one", { 50L << 20, 1 }, 128L << 10 },
		{ "eight in a second", { 64L << 10, 1 }, 8L << 10 },
		{ "a low one", { 100, 1 }, 4L << 10 },
		{ "by its period", { 3600 * (64L << 10), 3600 }, 8L << 10 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(flow_piece(&rows[i].rate) == rows[i].piece, rows[i].name);
}

/* Who is held: a letter each. The calls are never looked into. */
static char held[4] = "...";
static char calls[3];

static void hold(struct http_call *c, bool on)
{
	size_t i = (size_t)((char *)c - calls);

	held[i] = (char)(on ? "ABC"[i] : '.');
}

static void test_turns(void)
{
	static const struct unit_rate rate = { 1000, 1 };
	struct bucket free_of_limits = { .credit = 0 }, slow = { .rate = { 100, 1 } };
	struct flow_reader r[3] = { { .own = NULL } };
	struct flow f;

	flow_init(&f, &rate, hold);
	f.all.credit = 0;
	f.piece = 500;
	for (size_t i = 0; i < 3; i++)
		flow_begin(&r[i], (void *)(calls + i), i == 2 ? &slow : &free_of_limits);
	for (size_t i = 0; i < 3; i++)
		flow_take(&f, &r[i], 100, START);
	CHECK_TEXT(held, "ABC", "each has read 100 bytes and waits");
	CHECK_ROW(flow_wakes_at(&f) == START + 300 * CLOCK_MS, "until they are paid for");
	flow_pump(&f, START + 299 * CLOCK_MS);
	CHECK_TEXT(held, "ABC", "not before");
	flow_pump(&f, START + 300 * CLOCK_MS);
	CHECK_TEXT(held, ".BC", "then the first goes on, with a piece");
	flow_take(&f, &r[0], 200, START + 300 * CLOCK_MS);
	CHECK_TEXT(held, "ABC", "of which it read some: it goes to the end of the line");
	CHECK_ROW(flow_wakes_at(&f) == START + 500 * CLOCK_MS, "and pays for no more");
	flow_pump(&f, START + 500 * CLOCK_MS);
	CHECK_TEXT(held, "A.C", "the second goes on");
	flow_end(&f, &r[1], START + 500 * CLOCK_MS);
	flow_pump(&f, START + 500 * CLOCK_MS);
	CHECK_TEXT(held, "..C", "it ends without a byte: the one behind the next goes on");
	flow_pump(&f, START + 900 * CLOCK_MS);
	CHECK_TEXT(held, "..C", "since that one is limited by its registry, too");
	flow_end(&f, &r[0], START + 900 * CLOCK_MS);
	flow_pump(&f, START + 1000 * CLOCK_MS);
	CHECK_TEXT(held, "...", "and goes on when both limits allow it");
	flow_end(&f, &r[2], START + 1000 * CLOCK_MS);
	CHECK_ROW(flow_wakes_at(&f) == INT64_MAX, "nobody waits");
}

int main(void)
{
	test_requests();
	test_limits();
	test_piece();
	test_turns();
	return tap_done();
}
