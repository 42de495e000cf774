#include "oci/registry/throttle.h"

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "tests/tap.h"

#define START (1000 * CLOCK_SEC)

static struct throttle fresh(long reserve)
{
	struct throttle p;

	throttle_init(&p, 16, reserve, 500);
	return p;
}

/* Each time another request. */
static int64_t fail(struct throttle *p, enum throttle_fault fault, unsigned tries, int64_t after,
		    int64_t now)
{
	static unsigned long request = 1;
	struct throttle_failure f = {
		.fault = fault,
		.request = request,
		.round = p->round,
		.tries = tries,
		.after = after,
		.random = 1023,
	};
	struct err why = { .kind = ERR_NET, .msg = "reset" };

	request++;
	return throttle_failed(p, &f, now, &why);
}

static void test_free_slots(void)
{
	struct throttle p = fresh(0);

	CHECK_ROW(throttle_free_silent(&p) == 1,
		  "who has not answered yet is asked once at a time");
	throttle_heard(&p);
	CHECK_ROW(throttle_free_silent(&p) == 16, "after the first headers as often as is allowed");
	fail(&p, THROTTLE_NETWORK, 1, -1, START);
	CHECK_ROW(throttle_free_silent(&p) == 16, "one failure changes nothing");
	fail(&p, THROTTLE_NETWORK, 1, -1, START);
	CHECK_ROW(throttle_free_silent(&p) == 1, "two in a row do");
	CHECK_ROW(throttle_free_slots(&p) == 16, "while bodies come, others are asked");
	throttle_heard(&p);
	CHECK_ROW(throttle_free_silent(&p) == 1 && p.faults == 2, "headers alone end no row");
	throttle_answered(&p);
	CHECK_ROW(throttle_free_silent(&p) == 16, "until there is an answer");
	fail(&p, THROTTLE_BUSY, 1, -1, START);
	throttle_answered(&p);
	CHECK_ROW(throttle_free_slots(&p) == 8, "429 halves");
	for (int i = 0; i < 8 * 16; i++)
		throttle_answered(&p);
	CHECK_ROW(throttle_free_slots(&p) == 16, "and answers make it grow again");
}

static void test_merge(void)
{
	struct throttle p = fresh(5);

	throttle_answered(&p);
	throttle_merge(&p, 0, &(struct unit_share){ .amount = -1 });
	CHECK_ROW(throttle_free_slots(&p) == 16 && p.reserve == 5,
		  "who says nothing changes nothing");
	throttle_merge(&p, 4, &(struct unit_share){ .amount = 2 });
	CHECK_ROW(throttle_free_slots(&p) == 4 && p.reserve == 5, "the least at once");
	throttle_merge(&p, 8, &(struct unit_share){ .amount = 20 });
	CHECK_ROW(throttle_free_slots(&p) == 4 && p.reserve == 20, "the most left over");
}

static void test_share(void)
{
	static const struct {
		const char *name;
		long reserve, percent, limit, remaining;
		enum throttle_gate gate;
	} rows[] = {
		{ "more than a fifth is left", 0, 20, 100, 21, THROTTLE_GO },
		{ "a fifth is left", 0, 20, 100, 20, THROTTLE_NO_PULL },
		{ "a part of a pull is a pull", 0, 20, 11, 3, THROTTLE_NO_PULL },
		{ "the number is more than the share", 30, 20, 100, 25, THROTTLE_NO_PULL },
		{ "the share is more than the number", 5, 20, 100, 15, THROTTLE_NO_PULL },
		{ "no limit is told: there is no share of it", 0, 20, -1, 1, THROTTLE_GO },
		{ "all of it", 0, 100, 100, 100, THROTTLE_NO_PULL },
		{ "nothing of it", 0, 0, 100, 1, THROTTLE_GO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct unit_share share = { rows[i].percent, true };
		struct throttle p = fresh(rows[i].reserve);

		throttle_merge(&p, 0, &share);
		throttle_quota(&p, rows[i].limit, rows[i].remaining, -1, -1, START);
		CHECK_ROW(throttle_may_pull(&p, true, START) == rows[i].gate, rows[i].name);
	}
}

static void test_delays(void)
{
	static const int64_t ms[] = { 500, 1000, 2000, 4000, 8000, 16000, 30000 };
	struct throttle p = fresh(0);

	for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++) {
		cleanup_free char *name =
			xasprintf("failure %zu is waited for %d ms", i + 1, (int)ms[i]);
		int64_t now = START + (int64_t)i * 100 * CLOCK_SEC;

		fail(&p, THROTTLE_HOST, 1, -1, now);
		CHECK_ROW(throttle_ready_at(&p) == now + ms[i] * CLOCK_MS, name);
	}
	CHECK_ROW(!p.given_up, "seven failures of the host are not enough to give it up");
	fail(&p, THROTTLE_HOST, 1, -1, START);
	CHECK_ROW(p.given_up && p.why.kind == ERR_NET, "eight are");
	CHECK_TEXT(p.why.msg, "given up for this run after 8 failures in a row: reset",
		   "and it is said");
}

static void test_jitter(void)
{
	struct throttle p = fresh(0);
	struct throttle_failure f = {
		.fault = THROTTLE_HOST, .tries = 3, .after = -1, .random = 0
	};
	struct err why = ERR_INIT;

	CHECK_ROW(throttle_failed(&p, &f, START, &why) == START + 1000 * CLOCK_MS,
		  "the request waits by its own tries, half of it at least");
	CHECK_ROW(throttle_ready_at(&p) == START + 250 * CLOCK_MS,
		  "and all others by the host's failures");
}

static void test_retry_after(void)
{
	struct throttle p = fresh(0);

	throttle_answered(&p);
	CHECK(fail(&p, THROTTLE_BUSY, 1, 7 * CLOCK_SEC, START) == START + 7 * CLOCK_SEC);
	CHECK(throttle_ready_at(&p) == START + 7 * CLOCK_SEC);
	throttle_answered(&p);
	CHECK_ROW(throttle_ready_at(&p) == START + 7 * CLOCK_SEC,
		  "an answer to another request does not make it less");
}

static void test_one_request(void)
{
	static const struct {
		const char *name;
		enum throttle_fault fault;
		bool answered;
		unsigned long requests;
		unsigned failures;
		bool given_up;
	} rows[] = {
		{ "nothing has answered: one request is one failure", THROTTLE_NETWORK, false, 1,
		  40, false },
		{ "the host answers others: the same", THROTTLE_NETWORK, true, 1, 40, false },
		{ "three that take turns are three", THROTTLE_NETWORK, true, 3, 40, false },
		{ "one failure is none of the host", THROTTLE_NETWORK, true, 1, 1, false },
		{ "four are enough", THROTTLE_NETWORK, true, 4, 4, true },
		{ "also of a host that has not answered", THROTTLE_NETWORK, false, 4, 4, true },
		{ "not connected: no request is at fault, each try counts", THROTTLE_UNREACHED,
		  false, 1, 4, true },
		{ "three of them are not enough", THROTTLE_UNREACHED, true, 1, 3, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct throttle p = fresh(0);
		struct err why = { .kind = ERR_NET, .msg = "reset" };

		if (rows[i].answered)
			throttle_answered(&p);
		for (unsigned n = 0; n < rows[i].failures; n++) {
			struct throttle_failure f = { .fault = rows[i].fault,
						      .request = 1 + n % rows[i].requests,
						      .round = p.round,
						      .tries = 1,
						      .after = -1 };

			throttle_failed(&p, &f, START, &why);
		}
		CHECK_ROW(p.given_up == rows[i].given_up, rows[i].name);
		CHECK_ROW(throttle_has_failed(&p, 1) && !throttle_has_failed(&p, 9), rows[i].name);
		throttle_answered(&p);
		CHECK_ROW(!throttle_has_failed(&p, 1), "an answer ends the row");
	}
}

static void test_silence(void)
{
	static const struct {
		const char *name;
		int64_t silent;
		unsigned given_up_after;
	} rows[] = {
		{ "refused at once", 0, THROTTLE_GIVE_UP_NETWORK },
		{ "not connected in ten seconds", 10 * CLOCK_SEC, THROTTLE_GIVE_UP_NETWORK },
		{ "connected, then a silent minute", 60 * CLOCK_SEC, THROTTLE_GIVE_UP_NETWORK / 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct throttle p = fresh(0);
		struct err why = { .kind = ERR_NET, .msg = "nothing came" };
		unsigned n = 0;

		for (; !p.given_up; n++) {
			struct throttle_failure f = { .fault = THROTTLE_NETWORK,
						      .request = n,
						      .round = p.round,
						      .tries = 1,
						      .after = -1,
						      .silent = rows[i].silent };

			throttle_failed(&p, &f, START, &why);
		}
		CHECK_ROW(n == rows[i].given_up_after, rows[i].name);
	}
}

static void test_together(void)
{
	struct throttle p = fresh(0);
	struct throttle_failure f = { .fault = THROTTLE_NETWORK, .tries = 1, .after = -1 };
	struct err why = ERR_INIT;

	f.round = p.round;
	for (int i = 0; i < 16; i++)
		throttle_failed(&p, &f, START, &why);
	CHECK_ROW(p.faults == 1 && !p.given_up, "what was under way together fails once");
	for (int i = 0; i < 3; i++)
		fail(&p, THROTTLE_NETWORK, 1, -1, START);
	CHECK_ROW(p.given_up, "four failures of the way are enough");
}

static void test_quota(void)
{
	struct throttle p = fresh(20);
	struct err err;

	CHECK_ROW(throttle_may_pull(&p, true, START) == THROTTLE_GO, "nothing is known of a quota");
	throttle_quota(&p, 100, 21, -1, 21600, START);
	CHECK_ROW(throttle_may_pull(&p, true, START) == THROTTLE_GO,
		  "one more than are to be left");
	p.pulls = 1;
	CHECK_ROW(throttle_may_pull(&p, true, START) == THROTTLE_WAIT, "which is under way");
	CHECK_ROW(throttle_may_pull(&p, false, START) == THROTTLE_GO, "what does not count may go");
	p.pulls = 0;
	throttle_quota(&p, -1, 20, -1, 21600, START);
	CHECK_ROW(throttle_may_pull(&p, true, START) == THROTTLE_NO_PULL,
		  "as many as are to be left");
	throttle_quota_error(&p, START, 0, &err);
	CHECK_TEXT(err.msg,
		   "20 of 100 pulls are left, 20 are to be kept: come back by 1970-01-01T06:00:00Z",
		   "in words");
	CHECK(err.kind == ERR_LIMIT);
}

static void test_quota_wait(void)
{
	struct throttle p = fresh(0);
	int64_t at;

	throttle_spent(&p, true, START + 3600 * CLOCK_SEC);
	CHECK(throttle_may_pull(&p, true, START) == THROTTLE_NO_PULL);
	CHECK(throttle_may_pull(&p, false, START) == THROTTLE_GO);
	CHECK_ROW(throttle_quota_wait(&p, 60 * CLOCK_SEC, START) == 0,
		  "an hour is more than a minute");
	at = throttle_quota_wait(&p, 7200 * CLOCK_SEC, START);
	CHECK_ROW(at == START + 3600 * CLOCK_SEC, "who waits two hours waits this one");
	CHECK(throttle_may_pull(&p, true, at - 1) == THROTTLE_NO_PULL);
	CHECK_ROW(throttle_may_pull(&p, true, at) == THROTTLE_GO, "then one pull finds out");
	p.pulls = 1;
	CHECK_ROW(throttle_may_pull(&p, true, at) == THROTTLE_WAIT, "alone");
	p.pulls = 0;
	throttle_spent(&p, true, 0);
	CHECK_ROW(throttle_quota_wait(&p, 7200 * CLOCK_SEC, at) > at,
		  "it was too early: once more");
	CHECK_ROW(throttle_quota_wait(&p, 3600 * CLOCK_SEC, at) == 0,
		  "but patience is counted from the start");
}

static void test_spent_for_all(void)
{
	struct throttle p = fresh(0);
	struct err err;

	throttle_spent(&p, false, 0);
	CHECK_ROW(throttle_may_pull(&p, false, START) == THROTTLE_NO_PULL,
		  "a HEAD's 429 stops HEADs too");
	throttle_quota_error(&p, START, 0, &err);
	CHECK_TEXT(err.msg, "the pull limit is used up", "nobody said when to come back");
}

int main(void)
{
	test_free_slots();
	test_one_request();
	test_silence();
	test_merge();
	test_share();
	test_delays();
	test_jitter();
	test_retry_after();
	test_together();
	test_quota();
	test_quota_wait();
	test_spent_for_all();
	return tap_done();
}
