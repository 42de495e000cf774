#include "oci/registry/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/auth/keychain.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "oci/base/url.h"
#include "oci/registry/token_fetch.h"

/*
 * Lists. An ask stands in one of its endpoint's at a time.
 */

static void list_remove(struct request *a)
{
	struct request_list *l = a->list;

	if (!l)
		return;
	*(a->prev ? &a->prev->next : &l->first) = a->next;
	*(a->next ? &a->next->prev : &l->last) = a->prev;
	a->prev = a->next = NULL;
	a->list = NULL;
}

static void list_append(struct request_list *l, struct request *a)
{
	list_remove(a);
	a->list = l;
	a->prev = l->last;
	*(l->last ? &l->last->next : &l->first) = a;
	l->last = a;
}

static void list_prepend(struct request_list *l, struct request *a)
{
	list_remove(a);
	a->list = l;
	a->next = l->first;
	*(l->first ? &l->first->prev : &l->last) = a;
	l->first = a;
}

struct endpoint *request_endpoint(const struct request *a)
{
	return &a->up->endpoints[a->at];
}

struct span request_header(const struct request *a, const char *name)
{
	return http_header(&a->call, name, 0);
}

/*
 * Slots.
 */

static void take_slot(struct request *a)
{
	struct endpoint *e = request_endpoint(a);

	list_append(&e->sent, a);
	e->host->active++;
	a->counted = a->pull;
	e->host->throttle.pulls += a->counted;
}

/* Out of its list; its slot is free. */
static void leave(struct request *a)
{
	struct endpoint *e = request_endpoint(a);

	if (a->list == &e->sent || a->list == &e->waiting || a->list == &e->ending) {
		e->host->active--;
		e->host->throttle.pulls -= a->counted;
	}
	list_remove(a);
}

static void end(struct request *a, const struct err *err)
{
	leave(a);
	a->verb->done(a, err);
}

void request_fail(struct request *a, const struct err *why)
{
	struct err err = *why;

	leave(a);
	if (err.kind != ERR_IO && a->at + 1 < a->up->n && !a->up->registry->stopped) {
		a->at++;
		a->not_before = 0;
		request_progress(a);
		list_append(&request_endpoint(a)->queue, a);
		return;
	}
	if (err.kind != ERR_IO)
		err_wrap(&err, "%s", request_endpoint(a)->shown);
	end(a, &err);
}

struct throttle *request_throttle(const struct request *a)
{
	struct endpoint *e = request_endpoint(a);

	return a->foreign ? &e->storage : &e->host->throttle;
}

void request_fail_for_now(struct request *a, enum throttle_fault fault, int64_t after,
			  unsigned tries, const struct err *why)
{
	struct throttle *p = request_throttle(a);
	bool given_up = p->given_up;
	int64_t now = clock_now();
	struct throttle_failure f = {
		.fault = fault,
		.round = a->round,
		.tries = ++a->tries,
		.after = after,
		.silent = a->call.status ? 0 : now - a->sent_at,
		.random = (unsigned)rand_r(&a->up->registry->seed),
	};

	a->not_before = throttle_failed(p, &f, now, why);
	if (p->given_up && !given_up)
		upstream_warn(a->up->registry, request_endpoint(a)->shown, p->why.msg);
	if (p->given_up || a->tries >= tries) {
		request_fail(a, p->given_up ? &p->why : why);
		return;
	}
	a->up->retries++;
	leave(a);
	list_append(&request_endpoint(a)->later, a);
}

void request_again(struct request *a)
{
	leave(a);
	request_progress(a);
	list_prepend(&request_endpoint(a)->queue, a);
}

void request_end_with(struct request *a, enum request_end end_, const struct err *err)
{
	struct request_list *ending = &request_endpoint(a)->ending;

	switch (end_) {
	case REQUEST_WAIT:
		if (a->list != ending)
			list_append(ending, a);
		return;
	case REQUEST_DONE: end(a, NULL); return;
	case REQUEST_AGAIN: request_again(a); return;
	case REQUEST_FAILED: break;
	}
	if (err->kind == ERR_NET)
		request_fail_for_now(a, THROTTLE_WAY, -1, THROTTLE_TRIES, err);
	else
		request_fail(a, err);
}

void request_progress(struct request *a)
{
	a->tries = 0;
	a->auth = (struct auth_try){ 0 };
}

/*
 * Sending.
 */

static void send_to(struct request *a, char *takes_url)
{
	struct endpoint *e = request_endpoint(a);

	free(a->url);
	a->url = takes_url;
	a->good = false;
	buf_clear(&a->said);
	a->call.method = a->method;
	a->call.url = a->url;
	a->call.accept = a->accept;
	a->call.authorization = a->repo ? auth_header(a->repo) : NULL;
	a->call.from = a->from;
	a->call.tls = a->foreign ? &e->tls_abroad : &e->tls;
	a->call.reach = a->hops ? e->reach : e->allowed;
	a->round = request_throttle(a)->round;
	a->sent_at = clock_now();
	if (!a->foreign) {
		a->requests++;
		a->up->requests++;
	}
	http_send(a->up->registry->http, &a->call);
}

/* The repository that a URL of the API is about: what stands between /v2/ and the last but one of its words. */
static struct span name_in(struct span target)
{
	struct span path = span_starts(target, "/v2/") ? span_of(target.p + 4, target.n - 4)
						       : span_of(target.p, 0);

	for (int words = 0; words < 2 && path.n; words += path.p[path.n] == '/')
		path.n--;
	return path;
}

/* Where a registry redirects to, we are guests, and no password of ours is shown. Storage asks for none; another
 * registry may ask for a token. */
static struct auth_repo *as_guest(const struct request *a)
{
	cleanup_free char *origin = NULL, *name = NULL;
	struct err ignored;
	struct url u;

	if (url_parse(&u, span_str(a->url), &ignored) < 0)
		return NULL;
	origin = url_origin(&u);
	name = xasprintf("%.*s", SPAN_ARG(name_in(u.target)));
	return auth_repo(a->up->registry->guests, origin, name);
}

static void send_on(struct request *a)
{
	struct endpoint *e = request_endpoint(a);
	char *url = a->foreign ? take(a->url)
		    : a->page  ? xstrdup(a->page)
			       : xasprintf("%s%s", e->base, a->path);

	if (a->list != &e->sent) /* it waited; its slot it has */
		list_append(&e->sent, a);
	if (!a->foreign)
		a->hops = 0;
	send_to(a, url);
}

static enum token_fetch_result may_go(struct request *a, struct err *err)
{
	struct endpoint *e = request_endpoint(a);
	cleanup_free char *ping =
		a->repo && a->foreign ? url_resolve(a->url, span_str("/v2/"), err) : NULL;
	const struct token_waiter who = {
		.repo = a->repo,
		.try = &a->auth,
		.base = a->foreign ? a->url : e->base,
		.ping = a->foreign ? ping : e->ping,
		.foreign = a->foreign,
	};

	return a->repo ? token_fetch_ask(e, &who, err) : TOKEN_FETCH_GO;
}

void request_let_in(struct request *a)
{
	struct endpoint *e = request_endpoint(a);
	struct err err;

	switch (may_go(a, &err)) {
	case TOKEN_FETCH_GO: send_on(a); break;
	case TOKEN_FETCH_WAIT: list_append(&e->waiting, a); break;
	case TOKEN_FETCH_REFUSED: request_fail(a, &err); break;
	}
}

void request_follow(struct request *a, char *url)
{
	if (!a->foreign) {
		send_to(a, url);
		return;
	}
	free(a->url);
	a->url = url;
	a->repo = as_guest(a);
	a->auth = (struct auth_try){ 0 };
	request_let_in(a);
}

static struct auth_repo *repository(const struct request *a)
{
	const struct endpoint *e = request_endpoint(a);
	cleanup_free char *name = NULL;

	if (!a->up->registry->auth || e->anonymous)
		return NULL;
	name = xasprintf("%s%.*s", e->prefix, (int)a->name, a->path);
	return auth_repo(a->up->registry->auth, e->origin, name);
}

/* At the registry from the beginning, also after a redirect: a signed URL may have expired. */
static void begin_at_home(struct request *a)
{
	if (a->foreign)
		a->auth = (struct auth_try){ 0 };
	a->foreign = false;
	a->repo = repository(a);
}

/* What was left by an earlier run may be all there is to it. */
static enum request_end prepare(struct request *a, struct err *err)
{
	enum request_end next;

	do {
		next = a->verb->prepare(a, err);
		if (next != REQUEST_DONE)
			return next;
		next = a->verb->end(a, err);
	} while (next == REQUEST_AGAIN);
	return next;
}

static void start(struct request *a)
{
	struct err err;

	switch (prepare(a, &err)) {
	case REQUEST_FAILED: request_fail(a, &err); break;
	case REQUEST_DONE: end(a, NULL); break;
	case REQUEST_WAIT:
		take_slot(a);
		request_end_with(a, REQUEST_WAIT, NULL);
		break;
	case REQUEST_AGAIN:
		take_slot(a);
		begin_at_home(a);
		request_let_in(a);
	}
}

/*
 * The queue.
 */

void request_queue(struct upstream *up, struct request *a)
{
	a->up = up;
	a->at = 0;
	list_append(&request_endpoint(a)->queue, a);
}

void request_release(struct request *a)
{
	free(a->path);
	free(a->url);
	buf_release(&a->said);
}

static void fail_all(struct request_list *l, const struct err *why)
{
	while (l->first)
		request_fail(l->first, why);
}

static void wake_later(struct endpoint *e, int64_t now)
{
	for (struct request *a = e->later.last, *prev; a; a = prev) {
		prev = a->prev;
		if (a->not_before <= now)
			list_prepend(&e->queue, a);
	}
}

/* Tokens have come, or failed to. */
static void wake_waiting(struct endpoint *e)
{
	struct request *last = e->waiting.last, *a;

	e->granted = false;
	do {
		a = e->waiting.first;
		if (a)
			request_let_in(a);
	} while (a && a != last);
}

/* Those whose end can be told now. */
static void wake_ending(struct endpoint *e)
{
	for (struct request *a = e->ending.first, *next; a; a = next) {
		struct err err;

		next = a->next;
		request_end_with(a, a->verb->end(a, &err), &err);
	}
}

/* A wait of hours is told when it begins. */
static void tell_wait(struct request *a, int64_t seconds, const struct err *why)
{
	cleanup_free char *text = NULL;
	char until[CLOCK_RFC3339];

	clock_rfc3339(clock_wall() + (time_t)seconds, until);
	text = xasprintf("waiting until %s: %s", until, why->msg);
	upstream_warn(a->up->registry, request_endpoint(a)->shown, text);
}

/* It counts, and there are no more pulls: it waits, if it may, or fails. */
static void no_pull(struct request *a, int64_t now)
{
	struct endpoint *e = request_endpoint(a);
	int64_t patience = a->up->registry->o.quota_wait_seconds * CLOCK_SEC;
	bool first = !e->host->throttle.look_at;
	int64_t until = throttle_quota_wait(&e->host->throttle, patience, now);
	struct err err;

	throttle_quota_error(&e->host->throttle, now, clock_wall(), &err);
	if (!until) {
		request_fail(a, &err);
		return;
	}
	if (first)
		tell_wait(a, (until - now) / CLOCK_SEC, &err);
	a->not_before = until;
	list_append(&e->later, a);
}

/* Credential helpers take their time, and run beside everything else: an endpoint is asked when they have ended. */
static bool knows_credentials(struct endpoint *e)
{
	struct keychain *keychain = e->up->registry->o.keychain;
	const char *host = e->origin ? strstr(e->origin, "://") + 3 : NULL;

	if (e->known || e->anonymous || !keychain || !host)
		return true;
	if (!e->helped)
		keychain_begin(keychain, host);
	e->helped = true;
	e->known = keychain_ready(keychain, host);
	return e->known;
}

void request_pump(struct endpoint *e, int64_t now)
{
	struct request *a;

	token_fetch_pump(e, now);
	if (e->granted)
		wake_waiting(e);
	wake_ending(e);
	wake_later(e, now);
	if (e->host->throttle.given_up) {
		fail_all(&e->queue, &e->host->throttle.why);
		fail_all(&e->later, &e->host->throttle.why);
	}
	e->held = (e->queue.first || e->helped) && !knows_credentials(e);
	if (e->held)
		return;
	while ((a = e->queue.first) && e->host->active < throttle_free_slots(&e->host->throttle) &&
	       throttle_ready_at(&e->host->throttle) <= now) {
		enum throttle_gate gate = throttle_may_pull(&e->host->throttle, a->pull, now);

		e->held = gate == THROTTLE_HOLD;
		if (gate == THROTTLE_HOLD)
			return;
		if (gate == THROTTLE_NO_PULL)
			no_pull(a, now);
		else
			start(a);
	}
}

bool request_pending(const struct endpoint *e)
{
	return e->queue.first || e->later.first || e->waiting.first || e->sent.first ||
	       e->ending.first;
}

int64_t request_wakes_at(const struct endpoint *e)
{
	int64_t at = token_fetch_wakes_at(e), ready = throttle_ready_at(&e->host->throttle);

	for (const struct request *a = e->later.first; a; a = a->next)
		if (a->not_before < at)
			at = a->not_before;
	if (e->queue.first && !e->held &&
	    e->host->active < throttle_free_slots(&e->host->throttle) && ready < at)
		at = ready;
	return e->granted ? 0 : at;
}

void request_stop(struct endpoint *e, const struct err *err)
{
	token_fetch_stop(e);
	for (struct request *a = e->sent.first; a; a = a->next)
		http_cancel(a->up->registry->http, &a->call);
	fail_all(&e->sent, err);
	fail_all(&e->ending, err);
	fail_all(&e->waiting, err);
	fail_all(&e->later, err);
	fail_all(&e->queue, err);
}
