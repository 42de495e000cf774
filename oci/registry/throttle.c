#include "oci/registry/throttle.h"

#include <stdio.h>

#include "oci/base/clock.h"

#define LONGEST_DELAY (30 * CLOCK_SEC)
/* Answers after which one more request may be sent at once. */
#define GROWTH 16

void throttle_init(struct throttle *t, long parallel, long reserve, long first_delay_ms)
{
	*t = (struct throttle){
		.first_delay = first_delay_ms * CLOCK_MS,
		.parallel = parallel,
		.window = parallel,
		.limit = -1,
		.remaining = -1,
		.reserve = reserve > 0 ? reserve : 0,
		.share = { .is_percent = true },
	};
}

void throttle_merge(struct throttle *t, long parallel, const struct unit_share *reserve)
{
	long *kept = reserve->is_percent ? &t->share.amount : &t->reserve;

	if (parallel > 0 && parallel < t->parallel)
		t->parallel = parallel;
	if (t->window > t->parallel)
		t->window = t->parallel;
	if (reserve->amount > *kept)
		*kept = reserve->amount;
}

long throttle_free_slots(const struct throttle *t)
{
	return t->window;
}

long throttle_free_silent(const struct throttle *t)
{
	return !t->answered || t->faults >= 2 ? 1 : t->window;
}

int64_t throttle_ready_at(const struct throttle *t)
{
	int64_t at = bucket_ready_at(&t->requests);

	if (t->not_before > at)
		at = t->not_before;
	return t->retry_after_until > at ? t->retry_after_until : at;
}

void throttle_sent(struct throttle *t, int64_t now)
{
	bucket_take(&t->requests, 1, now);
}

bool throttle_has_failed(const struct throttle *t, unsigned long request)
{
	for (unsigned i = 0; i < t->faults && i < THROTTLE_GIVE_UP_HOST; i++)
		if (t->failed[i] == request)
			return true;
	return false;
}

void throttle_heard(struct throttle *t)
{
	t->answered = true;
}

void throttle_answered(struct throttle *t)
{
	t->answered = true;
	t->faults = t->network_faults = 0;
	t->not_before = 0;
	if (t->window < t->parallel && ++t->grown >= GROWTH) {
		t->window++;
		t->grown = 0;
	}
}

/* Between half of first * 2^n and all of it. */
static int64_t jittered_delay(const struct throttle *t, unsigned n, unsigned random)
{
	int64_t most = t->first_delay;

	while (n-- && most < LONGEST_DELAY)
		most *= 2;
	if (most > LONGEST_DELAY)
		most = LONGEST_DELAY;
	return most / 2 + most / 2 * (random % 1024) / 1023;
}

void throttle_give_up(struct throttle *t, const struct err *why)
{
	t->given_up = true;
	t->why = *why;
}

void throttle_leave_alone(struct throttle *t, int64_t after, time_t wall, const struct err *why)
{
	char until[CLOCK_RFC3339];
	struct err err;

	clock_rfc3339(wall + (time_t)(after / CLOCK_SEC), until);
	err_set(&err, why->kind, why->sys, "asks not to be asked before %s: %s", until, why->msg);
	throttle_give_up(t, &err);
}

static void count_failure(struct throttle *t, const struct throttle_failure *f,
			  const struct err *why)
{
	enum throttle_fault fault = f->fault;
	struct err err;

	t->round++;
	if (t->faults < THROTTLE_GIVE_UP_HOST)
		t->failed[t->faults] = f->request;
	t->faults++;
	if (fault == THROTTLE_NETWORK || fault == THROTTLE_UNREACHED)
		t->network_faults += f->silent >= THROTTLE_SILENCE ? 2 : 1;
	else
		t->network_faults = 0;
	if (t->given_up ||
	    (t->network_faults < THROTTLE_GIVE_UP_NETWORK && t->faults < THROTTLE_GIVE_UP_HOST))
		return;
	err_set(&err, fault == THROTTLE_BUSY ? ERR_LIMIT : ERR_NET, why->sys,
		"given up for this run after %u failures in a row: %s", t->faults, why->msg);
	throttle_give_up(t, &err);
}

static void postpone_until(int64_t *when, int64_t until)
{
	if (until > *when)
		*when = until;
}

/* Whether each try counts. */
static bool is_no_request_at_fault(const struct throttle *t, enum throttle_fault fault)
{
	return fault == THROTTLE_UNREACHED || (fault == THROTTLE_BUSY && !t->answered);
}

int64_t throttle_failed(struct throttle *t, const struct throttle_failure *f, int64_t now,
			const struct err *why)
{
	if (f->round == t->round) {
		if (is_no_request_at_fault(t, f->fault) || !throttle_has_failed(t, f->request))
			count_failure(t, f, why);
		postpone_until(&t->not_before, now + jittered_delay(t, t->faults - 1, f->random));
		if (f->fault == THROTTLE_BUSY) {
			t->window = t->window > 1 ? t->window / 2 : 1;
			t->grown = 0;
		}
	}
	if (f->after >= 0)
		postpone_until(&t->retry_after_until, now + f->after);
	return now + (f->after >= 0 ? f->after : jittered_delay(t, f->tries - 1, f->random));
}

void throttle_quota(struct throttle *t, long limit, long remaining, long reset, long window,
		    int64_t now)
{
	if (limit >= 0)
		t->limit = limit;
	if (remaining < 0)
		return;
	t->remaining = remaining;
	t->doubtful = false;
	if (reset < 0 && window < 0)
		return;
	/* the window length gives only an upper bound for the reset time */
	t->told_when = reset >= 0;
	t->quota_until = now + (reset >= 0 ? reset : window) * CLOCK_SEC;
}

void throttle_spent(struct throttle *t, bool counts, int64_t until)
{
	t->spent = true;
	if (!counts)
		t->spent_for_heads = true;
	t->remaining = 0;
	t->doubtful = false;
	if (until) {
		t->told_when = true;
		t->quota_until = until;
	}
}

/* How often one pull is sent to see whether the quota was reset, when the registry gave no time. */
#define QUOTA_RECHECK (600 * CLOCK_SEC)
/* The least time between two such pulls, even when the registry says that the quota was reset. */
#define LEAST_RECHECK(t) ((t)->first_delay * 8)

static long pulls_to_keep(const struct throttle *t)
{
	long share = unit_share_of(&t->share, t->limit);

	return share > t->reserve ? share : t->reserve;
}

static bool is_used_up(const struct throttle *t, bool counts)
{
	if (!counts)
		return t->spent_for_heads;
	return t->spent || (t->remaining >= 0 && t->remaining - t->pulls <= pulls_to_keep(t));
}

enum throttle_gate throttle_may_pull(struct throttle *t, bool counts, int64_t now)
{
	if (counts && t->doubtful && t->pulls)
		return THROTTLE_WAIT;
	if (!is_used_up(t, counts)) {
		t->blocked_since = 0;
		return THROTTLE_GO;
	}
	if (t->pulls)
		return THROTTLE_WAIT;
	if (!t->blocked_since || !t->recheck_at || now < t->recheck_at)
		return THROTTLE_NO_PULL;
	t->spent = t->spent_for_heads = false;
	t->remaining = -1;
	t->doubtful = true;
	t->recheck_at = 0;
	return THROTTLE_GO;
}

int64_t throttle_quota_wait(struct throttle *t, int64_t patience, int64_t now)
{
	if (!t->blocked_since)
		t->blocked_since = now;
	if (!t->recheck_at) {
		int64_t least = now + (t->told_when ? LEAST_RECHECK(t) : QUOTA_RECHECK);

		t->recheck_at = t->told_when && t->quota_until > least ? t->quota_until : least;
	}
	return t->recheck_at - t->blocked_since <= patience ? t->recheck_at : 0;
}

int throttle_quota_error(const struct throttle *t, int64_t now, time_t wall, struct err *err)
{
	char when[64] = "", stamp[CLOCK_RFC3339];

	if (t->quota_until > now) {
		clock_rfc3339(wall + (time_t)((t->quota_until - now) / CLOCK_SEC), stamp);
		snprintf(when, sizeof(when), ": come back %s %s", t->told_when ? "after" : "by",
			 stamp);
	}
	if (!t->spent && !t->spent_for_heads && t->remaining >= 0)
		return err_set(err, ERR_LIMIT, 429,
			       "%ld of %ld pulls are left, %ld are to be kept%s", t->remaining,
			       t->limit, pulls_to_keep(t), when);
	return err_set(err, ERR_LIMIT, 429, "the pull limit is used up%s", when);
}
