#include "oci/pace.h"

#include "oci/clock.h"

#define LONGEST_DELAY (30 * CLOCK_SEC)
/* Answers until one more request may go at once. */
#define GROWTH 16

void pace_init(struct pace *p, long parallel, long floor, long first_delay_ms)
{
	*p = (struct pace){
		.first_delay = first_delay_ms * CLOCK_MS,
		.parallel = parallel,
		.window = parallel,
		.limit = -1,
		.remaining = -1,
		.floor = floor > 0 ? floor : 0,
	};
}

long pace_room(const struct pace *p)
{
	return !p->answered || p->faults >= 2 ? 1 : p->window;
}

int64_t pace_ready_at(const struct pace *p)
{
	return p->told_until > p->not_before ? p->told_until : p->not_before;
}

bool pace_is_transient(long status)
{
	switch (status) {
	case 408:
	case 429:
	case 499:
	case 500:
	case 502:
	case 503:
	case 504: return true;
	default:
		return status >= 520 &&
		       status <= 524; /* what Cloudflare says of the host behind it */
	}
}

void pace_answered(struct pace *p)
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
static int64_t delay(const struct pace *p, unsigned n, unsigned random)
{
	int64_t most = p->first_delay;

	while (n-- && most < LONGEST_DELAY)
		most *= 2;
	if (most > LONGEST_DELAY)
		most = LONGEST_DELAY;
	return most / 2 + most / 2 * (random % 1024) / 1023;
}

static void maybe_give_up(struct pace *p, enum pace_fault fault, const struct err *why)
{
	if (p->given_up || (p->way_faults < PACE_GIVE_UP_WAY && p->faults < PACE_GIVE_UP_HOST))
		return;
	p->given_up = true;
	err_set(&p->why, fault == PACE_BUSY ? ERR_LIMIT : ERR_NET, why->sys,
		"given up for this run after %u failures in a row: %s", p->faults, why->msg);
}

int64_t pace_failed(struct pace *p, enum pace_fault fault, unsigned try, int64_t after, int64_t now,
		    unsigned random, const struct err *why)
{
	int64_t own = after >= 0 ? after : delay(p, try - 1, random);
	int64_t *all = after >= 0 ? &p->told_until : &p->not_before;
	int64_t until;

	p->faults++;
	p->way_faults = fault == PACE_WAY ? p->way_faults + 1 : 0;
	if (fault == PACE_BUSY) {
		p->window = p->window > 1 ? p->window / 2 : 1;
		p->grown = 0;
	}
	until = now + (after >= 0 ? after : delay(p, p->faults - 1, random));
	if (until > *all)
		*all = until;
	maybe_give_up(p, fault, why);
	return now + own;
}

void pace_quota(struct pace *p, long limit, long remaining, long reset, long window, int64_t now)
{
	if (limit >= 0)
		p->limit = limit;
	if (remaining < 0)
		return;
	p->remaining = remaining;
	if (reset < 0)
		reset = window;
	if (reset >= 0)
		p->quota_until = now + reset * CLOCK_SEC;
}

void pace_spent(struct pace *p, bool counts, int64_t until)
{
	p->spent = true;
	if (!counts)
		p->spent_for_heads = true;
	p->remaining = 0;
	if (until)
		p->quota_until = until;
}

enum pace_gate pace_may_pull(const struct pace *p, bool counts)
{
	if (!counts)
		return p->spent_for_heads ? PACE_NO_PULL : PACE_GO;
	if (p->spent)
		return PACE_NO_PULL;
	if (p->remaining < 0 || p->remaining - p->pulls > p->floor)
		return PACE_GO;
	return p->pulls ? PACE_HOLD : PACE_NO_PULL;
}

void pace_forget_quota(struct pace *p)
{
	p->spent = p->spent_for_heads = false;
	p->remaining = -1;
	p->quota_until = 0;
}
