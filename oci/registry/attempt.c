#include "oci/registry/attempt.h"

#include <stdlib.h>

#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "oci/http/time_budget.h"

struct throttle *attempt_throttle(const struct request *r)
{
	return r->cross_origin ? &r->queued.endpoint->storage : &r->queued.endpoint->host->throttle;
}

void attempt_progress(struct request *r)
{
	r->tries = 0;
	r->auth = (struct auth_try){ 0 };
}

void attempt_enter(struct request *r)
{
	long seconds = r->up->registry->o.net.pace_seconds;

	pace_init(&r->pace, LIMIT_PACE_RATE, seconds > 0 ? seconds : LIMIT_PACE_SECONDS);
	request_queue_enter(&r->queued, &r->up->endpoints[r->endpoint_index]);
}

static void report_end(struct request *r, const struct err *err)
{
	request_queue_move(&r->queued, REQUEST_IDLE);
	r->verb->report_outcome(r, err);
}

void attempt_succeed(struct request *r)
{
	report_end(r, NULL);
}

/* Whether the next endpoint is asked after such an error. */
static bool has_next_for(const struct request *r, const struct err *why)
{
	return why->kind != ERR_IO && r->endpoint_index + 1 < r->up->n && !r->up->registry->stopped;
}

void attempt_fail(struct request *r, const struct err *why)
{
	const struct upstream_failure f = {
		.is_given_up = attempt_throttle(r)->given_up,
		.is_page = r->is_page,
	};
	struct err err = *why;

	response_blame_encoding(r->encoding, &err);
	auth_redact(r->repo, err.msg, sizeof(err.msg));
	request_queue_move(&r->queued, REQUEST_IDLE);
	if (has_next_for(r, &err)) {
		upstream_pass(r->queued.endpoint, &err, &f);
		r->endpoint_index++;
		attempt_progress(r);
		attempt_enter(r);
		return;
	}
	if (err.kind != ERR_IO)
		err_wrap(&err, "%s", r->queued.endpoint->shown);
	report_end(r, &err);
}

void attempt_tell_given_up(struct request *r)
{
	const struct err *why = &attempt_throttle(r)->why;

	if (!has_next_for(r, why)) /* else attempt_fail() tells it */
		upstream_warn(r->up->registry, r->queued.endpoint->shown, why->msg);
}

void attempt_again(struct request *r, enum throttle_fault fault, int64_t after, unsigned tries,
		   const struct err *why)
{
	struct throttle *t = attempt_throttle(r);
	bool given_up = t->given_up;
	int64_t now = clock_now();
	struct err err;
	struct throttle_failure f = {
		.fault = fault,
		.request = r->queued.number,
		.round = r->round,
		.tries = ++r->tries,
		.after = after,
		.silent = r->call.status ? 0 : now - r->sent_at,
		.random = (unsigned)rand_r(&r->up->registry->seed),
	};

	r->queued.not_before = throttle_failed(t, &f, now, why);
	if (t->given_up && !given_up)
		attempt_tell_given_up(r);
	if (t->given_up || r->tries >= tries) {
		attempt_fail(r, t->given_up ? &t->why : why);
		return;
	}
	if (r->budget) {
		time_budget_spend(r->budget, r->queued.not_before - now);
		if (time_budget_check(r->budget, &err) < 0) {
			attempt_fail(r, &err);
			return;
		}
	}
	r->up->retries++;
	request_queue_move(&r->queued, REQUEST_DELAYED);
}
