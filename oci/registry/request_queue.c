#include "oci/registry/request_queue.h"

#include <string.h>

#include "oci/auth/keychain.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/registry/token_fetch.h"

/*
 * Lists and slots.
 */

static const bool has_slot[REQUEST_STATES] = {
	[REQUEST_NEEDS_TOKEN] = true,
	[REQUEST_SENT] = true,
	[REQUEST_CHECKED] = true,
};

static void unlink_request(struct queued *q)
{
	struct request_list *l = &q->endpoint->requests[q->state];

	if (q->state == REQUEST_IDLE)
		return;
	*(q->prev ? &q->prev->next : &l->first) = q->next;
	*(q->next ? &q->next->prev : &l->last) = q->prev;
	q->prev = q->next = NULL;
}

static void append_request(struct queued *q)
{
	struct request_list *l = &q->endpoint->requests[q->state];

	q->prev = l->last;
	*(l->last ? &l->last->next : &l->first) = q;
	l->last = q;
}

static void prepend_request(struct queued *q)
{
	struct request_list *l = &q->endpoint->requests[q->state];

	q->next = l->first;
	*(l->first ? &l->first->prev : &l->last) = q;
	l->first = q;
}

static void take_slot(struct queued *q)
{
	struct host *h = q->endpoint->host;

	q->counted = q->pull; /* which may change before the slot is free again */
	h->active++;
	h->silent++;
	q->heard = false;
	h->throttle.pulls += q->counted;
}

static void free_slot(struct queued *q)
{
	struct host *h = q->endpoint->host;

	h->active--;
	h->silent -= !q->heard;
	h->throttle.pulls -= q->counted;
}

static void change_state(struct queued *q, enum request_state state)
{
	bool had = has_slot[q->state], has = has_slot[state];

	unlink_request(q);
	if (has && !had)
		take_slot(q);
	else if (had && !has)
		free_slot(q);
	q->state = state;
}

void request_queue_enter(struct queued *q, struct endpoint *e)
{
	q->endpoint = e;
	q->state = REQUEST_QUEUED;
	append_request(q);
}

void request_queue_move(struct queued *q, enum request_state state)
{
	change_state(q, state);
	if (state != REQUEST_IDLE)
		append_request(q);
}

void request_queue_move_first(struct queued *q)
{
	change_state(q, REQUEST_QUEUED);
	prepend_request(q);
}

void request_queue_heard(struct queued *q)
{
	if (has_slot[q->state] && !q->heard)
		q->endpoint->host->silent--;
	q->heard = true;
}

void request_queue_wake(struct endpoint *e, int64_t now)
{
	for (struct queued *q = e->requests[REQUEST_DELAYED].last, *prev; q; q = prev) {
		prev = q->prev;
		if (q->not_before <= now)
			request_queue_move_first(q);
	}
}

void request_queue_each(struct endpoint *e, enum request_state state, void (*act)(struct queued *q))
{
	const struct queued *last = e->requests[state].last;

	for (struct queued *q = e->requests[state].first, *next; q; q = next) {
		next = q == last ? NULL : q->next; /* act() may have put it behind the last one */
		act(q);
	}
}

/*
 * Which request is next.
 */

/* A wait of hours is told when it begins. */
static void tell_quota_wait(const struct endpoint *e, int64_t seconds, const struct err *why)
{
	cleanup_free char *text = NULL;
	char until[CLOCK_RFC3339];

	clock_rfc3339(clock_wall() + (time_t)seconds, until);
	text = xasprintf("waiting until %s: %s", until, why->msg);
	upstream_warn(e->up->registry, e->shown, text);
}

/* The quota leaves nothing for q: delays it if the program waits for quotas; otherwise *refused
 * says why. */
static void delay_for_quota(struct queued *q, int64_t now, struct err *refused)
{
	struct endpoint *e = q->endpoint;
	struct throttle *t = &e->host->throttle;
	int64_t patience = e->up->registry->o.quota_wait_seconds * CLOCK_SEC;
	bool first = !t->recheck_at;
	int64_t until = throttle_quota_wait(t, patience, now);
	struct err why;

	throttle_quota_error(t, now, clock_wall(), &why);
	if (!until) {
		*refused = why;
		return;
	}
	if (first)
		tell_quota_wait(e, (until - now) / CLOCK_SEC, &why);
	q->not_before = until;
	request_queue_move(q, REQUEST_DELAYED);
}

/* Credential helpers are slow programs: they run beside all other work, and an endpoint is asked
 * when they have ended. */
static bool has_credentials(struct endpoint *e)
{
	struct keychain *keychain = e->up->registry->o.keychain;
	const char *host = e->origin ? strstr(e->origin, "://") + 3 : NULL;

	if (e->helpers_ended || e->anonymous || !keychain || !host)
		return true;
	if (!e->helpers_started)
		keychain_begin(keychain, host);
	e->helpers_started = true;
	e->helpers_ended = keychain_ready(keychain, host);
	return e->helpers_ended;
}

static bool has_free_slot(const struct endpoint *e)
{
	const struct host *h = e->host;

	return h->active < throttle_free_slots(&h->throttle) &&
	       h->silent < throttle_free_silent(&h->throttle);
}

static struct queued *next_queued(const struct endpoint *e)
{
	const struct throttle *t = &e->host->throttle;
	const struct request_list *l = &e->requests[REQUEST_QUEUED];

	for (struct queued *q = t->faults ? l->last : NULL; q; q = q->prev)
		if (!throttle_has_failed(t, q->number))
			return q;
	return l->first;
}

struct queued *request_queue_next(struct endpoint *e, int64_t now, struct err *refused)
{
	struct throttle *t = &e->host->throttle;
	struct queued *q;

	refused->kind = ERR_NONE;
	e->blocked =
		(e->requests[REQUEST_QUEUED].first || e->helpers_started) && !has_credentials(e);
	if (e->blocked)
		return NULL;
	while ((q = next_queued(e)) && has_free_slot(e) && throttle_ready_at(t) <= now) {
		switch (throttle_may_pull(t, q->pull, now)) {
		case THROTTLE_GO: return q;
		case THROTTLE_WAIT: e->blocked = true; return NULL;
		case THROTTLE_NO_PULL: delay_for_quota(q, now, refused); break;
		}
		if (refused->kind != ERR_NONE)
			return q;
	}
	return NULL;
}

bool request_queue_pending(const struct endpoint *e)
{
	for (size_t i = 0; i < REQUEST_STATES; i++)
		if (e->requests[i].first)
			return true;
	return false;
}

int64_t request_queue_wakes_at(const struct endpoint *e)
{
	int64_t at = token_fetch_wakes_at(e), ready = throttle_ready_at(&e->host->throttle);

	for (const struct queued *q = e->requests[REQUEST_DELAYED].first; q; q = q->next)
		if (q->not_before < at)
			at = q->not_before;
	if (e->requests[REQUEST_QUEUED].first && !e->blocked && has_free_slot(e) && ready < at)
		at = ready;
	return e->tokens_arrived ? 0 : at;
}
