#include "oci/registry/throttle.h"

#include <stdio.h>

#include "oci/base/clock.h"

#define LONGEST_DELAY (30 * CLOCK_SEC)
/* Answers until one more request may go at once. */
#define GROWTH 16

void throttle_init(struct throttle *p, long parallel, long floor, long first_delay_ms)
{
	*p = (struct throttle){
		.first_delay = first_delay_ms * CLOCK_MS,
		.parallel = parallel,
		.window = parallel,
		.limit = -1,
		.remaining = -1,
		.floor = floor > 0 ? floor : 0,
	};
}

void throttle_agree(struct throttle *p, long parallel, long floor)
{
	if (parallel > 0 && parallel < p->parallel)
		p->parallel = parallel;
	if (p->window > p->parallel)
		p->window = p->parallel;
	if (floor > p->floor)
		p->floor = floor;
}

long throttle_free_slots(const struct throttle *p)
{
	return !p->answered || p->faults >= 2 ? 1 : p->window;
}

int64_t throttle_ready_at(const struct throttle *p)
{
	return p->told_until > p->not_before ? p->told_until : p->not_before;
}

void throttle_answered(struct throttle *p)
{
	p->answered = true;
	p->faults = p->way_faults = 0;
	p->not_before = 0;
	if (p->window < p->parallel && ++p->grown >= GROWTH) {
		p->window++;
		p->grown = 0;
	}
}

/* Between half of first * 2^n and all of it. */
static int64_t delay(const struct throttle *p, unsigned n, unsigned random)
{
	int64_t most = p->first_delay;

	while (n-- && most < LONGEST_DELAY)
		most *= 2;
	if (most > LONGEST_DELAY)
		most = LONGEST_DELAY;
	return most / 2 + most / 2 * (random % 1024) / 1023;
}

void throttle_give_up(struct throttle *p, const struct err *why)
{
	p->given_up = true;
	p->why = *why;
}

void throttle_leave_alone(struct throttle *p, int64_t for_how_long, time_t wall,
			  const struct err *why)
{
	char until[CLOCK_RFC3339];
	struct err err;

	clock_rfc3339(wall + (time_t)(for_how_long / CLOCK_SEC), until);
	err_set(&err, why->kind, why->sys, "asks not to be asked before %s: %s", until, why->msg);
	throttle_give_up(p, &err);
}

static void count(struct throttle *p, const struct throttle_failure *f, const struct err *why)
{
	enum throttle_fault fault = f->fault;
	struct err err;

	p->round++;
	p->faults++;
	if (fault == THROTTLE_WAY)
		p->way_faults += f->silent >= THROTTLE_SILENCE ? 2 : 1;
	else
		p->way_faults = 0;
	if (p->given_up ||
	    (p->way_faults < THROTTLE_GIVE_UP_WAY && p->faults < THROTTLE_GIVE_UP_HOST))
		return;
	err_set(&err, fault == THROTTLE_BUSY ? ERR_LIMIT : ERR_NET, why->sys,
		"given up for this run after %u failures in a row: %s", p->faults, why->msg);
	throttle_give_up(p, &err);
}

static void put_off(int64_t *when, int64_t until)
{
	if (until > *when)
		*when = until;
}

int64_t throttle_failed(struct throttle *p, const struct throttle_failure *f, int64_t now,
			const struct err *why)
{
	if (f->round == p->round) {
		count(p, f, why);
		put_off(&p->not_before, now + delay(p, p->faults - 1, f->random));
		if (f->fault == THROTTLE_BUSY) {
			p->window = p->window > 1 ? p->window / 2 : 1;
			p->grown = 0;
		}
	}
	if (f->after >= 0)
		put_off(&p->told_until, now + f->after);
	return now + (f->after >= 0 ? f->after : delay(p, f->tries - 1, f->random));
}

void throttle_quota(struct throttle *p, long limit, long remaining, long reset, long window,
		    int64_t now)
{
	if (limit >= 0)
		p->limit = limit;
	if (remaining < 0)
		return;
	p->remaining = remaining;
	p->doubtful = false;
	if (reset < 0 && window < 0)
		return;
	/* how long the window is says only by when at the latest */
	p->told_when = reset >= 0;
	p->quota_until = now + (reset >= 0 ? reset : window) * CLOCK_SEC;
}

void throttle_spent(struct throttle *p, bool counts, int64_t until)
{
	p->spent = true;
	if (!counts)
		p->spent_for_heads = true;
	p->remaining = 0;
	p->doubtful = false;
	if (until) {
		p->told_when = true;
		p->quota_until = until;
	}
}

/* How often it is tried whether a quota has filled up again, when nobody says when it will have. */
#define QUOTA_LOOK (600 * CLOCK_SEC)
/* A registry that says it has, and has not, is asked no more often than this. */
#define LEAST_LOOK(p) ((p)->first_delay * 8)

static bool is_blocked(const struct throttle *p, bool counts)
{
	if (!counts)
		return p->spent_for_heads;
	return p->spent || (p->remaining >= 0 && p->remaining - p->pulls <= p->floor);
}

enum throttle_gate throttle_may_pull(struct throttle *p, bool counts, int64_t now)
{
	if (counts && p->doubtful && p->pulls)
		return THROTTLE_HOLD;
	if (!is_blocked(p, counts)) {
		p->blocked_since = 0;
		return THROTTLE_GO;
	}
	if (p->pulls)
		return THROTTLE_HOLD;
	if (!p->blocked_since || !p->look_at || now < p->look_at)
		return THROTTLE_NO_PULL;
	p->spent = p->spent_for_heads = false;
	p->remaining = -1;
	p->doubtful = true;
	p->look_at = 0;
	return THROTTLE_GO;
}

int64_t throttle_quota_wait(struct throttle *p, int64_t patience, int64_t now)
{
	if (!p->blocked_since)
		p->blocked_since = now;
	if (!p->look_at) {
		int64_t least = now + (p->told_when ? LEAST_LOOK(p) : QUOTA_LOOK);

		p->look_at = p->told_when && p->quota_until > least ? p->quota_until : least;
	}
	return p->look_at - p->blocked_since <= patience ? p->look_at : 0;
}

int throttle_quota_error(const struct throttle *p, int64_t now, time_t wall, struct err *err)
{
	char when[64] = "", stamp[CLOCK_RFC3339];

	if (p->quota_until > now) {
		clock_rfc3339(wall + (time_t)((p->quota_until - now) / CLOCK_SEC), stamp);
		snprintf(when, sizeof(when), ": come back %s %s", p->told_when ? "after" : "by",
			 stamp);
	}
	if (!p->spent && !p->spent_for_heads && p->remaining >= 0)
		return err_set(err, ERR_LIMIT, 429,
			       "%ld of %ld pulls are left, %ld are to be kept%s", p->remaining,
			       p->limit, p->floor, when);
	return err_set(err, ERR_LIMIT, 429, "the pull limit is used up%s", when);
}
