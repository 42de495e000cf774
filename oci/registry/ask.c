#include "oci/registry/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/auth/creds.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "oci/base/own.h"
#include "oci/base/url.h"
#include "oci/registry/grant.h"

/*
 * Lists. An ask stands in one of its endpoint's at a time.
 */

static void list_remove(struct ask *a)
{
	struct ask_list *l = a->list;

	if (!l)
		return;
	*(a->prev ? &a->prev->next : &l->first) = a->next;
	*(a->next ? &a->next->prev : &l->last) = a->prev;
	a->prev = a->next = NULL;
	a->list = NULL;
}

static void list_append(struct ask_list *l, struct ask *a)
{
	list_remove(a);
	a->list = l;
	a->prev = l->last;
	*(l->last ? &l->last->next : &l->first) = a;
	l->last = a;
}

static void list_prepend(struct ask_list *l, struct ask *a)
{
	list_remove(a);
	a->list = l;
	a->next = l->first;
	*(l->first ? &l->first->prev : &l->last) = a;
	l->first = a;
}

struct endpoint *ask_endpoint(const struct ask *a)
{
	return &a->up->endpoints[a->at];
}

struct span ask_header(const struct ask *a, const char *name)
{
	return http_header(&a->call, name, 0);
}

/*
 * Slots.
 */

static void take_slot(struct ask *a)
{
	struct endpoint *e = ask_endpoint(a);

	list_append(&e->sent, a);
	e->host->active++;
	a->counted = a->pull;
	e->host->pace.pulls += a->counted;
}

/* Out of its list; its slot is free. */
static void leave(struct ask *a)
{
	struct endpoint *e = ask_endpoint(a);

	if (a->list == &e->sent || a->list == &e->waiting || a->list == &e->ending) {
		e->host->active--;
		e->host->pace.pulls -= a->counted;
	}
	list_remove(a);
}

static void end(struct ask *a, const struct err *err)
{
	leave(a);
	a->verb->done(a, err);
}

void ask_fail(struct ask *a, const struct err *why)
{
	struct err err = *why;

	leave(a);
	if (err.kind != ERR_IO && a->at + 1 < a->up->n && !a->up->registry->stopped) {
		a->at++;
		a->not_before = 0;
		ask_progress(a);
		list_append(&ask_endpoint(a)->queue, a);
		return;
	}
	if (err.kind != ERR_IO)
		err_wrap(&err, "%s", ask_endpoint(a)->shown);
	end(a, &err);
}

struct pace *ask_pace(const struct ask *a)
{
	struct endpoint *e = ask_endpoint(a);

	return a->foreign ? &e->storage : &e->host->pace;
}

void ask_fail_for_now(struct ask *a, enum pace_fault fault, int64_t after, unsigned tries,
		      const struct err *why)
{
	struct pace *p = ask_pace(a);
	bool given_up = p->given_up;
	int64_t now = clock_now();
	struct pace_failure f = {
		.fault = fault,
		.round = a->round,
		.tries = ++a->tries,
		.after = after,
		.silent = a->call.status ? 0 : now - a->sent_at,
		.random = (unsigned)rand_r(&a->up->registry->seed),
	};

	a->not_before = pace_failed(p, &f, now, why);
	if (p->given_up && !given_up)
		upstream_warn(a->up->registry, ask_endpoint(a)->shown, p->why.msg);
	if (p->given_up || a->tries >= tries) {
		ask_fail(a, p->given_up ? &p->why : why);
		return;
	}
	a->up->retries++;
	leave(a);
	list_append(&ask_endpoint(a)->later, a);
}

void ask_again(struct ask *a)
{
	leave(a);
	ask_progress(a);
	list_prepend(&ask_endpoint(a)->queue, a);
}

void ask_end_with(struct ask *a, enum ask_end end_, const struct err *err)
{
	struct ask_list *ending = &ask_endpoint(a)->ending;

	switch (end_) {
	case ASK_WAIT:
		if (a->list != ending)
			list_append(ending, a);
		return;
	case ASK_DONE: end(a, NULL); return;
	case ASK_AGAIN: ask_again(a); return;
	case ASK_FAILED: break;
	}
	if (err->kind == ERR_NET)
		ask_fail_for_now(a, PACE_WAY, -1, PACE_TRIES, err);
	else
		ask_fail(a, err);
}

void ask_progress(struct ask *a)
{
	a->tries = 0;
	a->auth = (struct auth_try){ 0 };
}

/*
 * Sending.
 */

static void send_to(struct ask *a, char *takes_url)
{
	struct endpoint *e = ask_endpoint(a);

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
	a->round = ask_pace(a)->round;
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
static struct auth_repo *as_guest(const struct ask *a)
{
	own_free char *origin = NULL, *name = NULL;
	struct err ignored;
	struct url u;

	if (url_parse(&u, span_str(a->url), &ignored) < 0)
		return NULL;
	origin = url_origin(&u);
	name = xasprintf("%.*s", SPAN_ARG(name_in(u.target)));
	return auth_repo(a->up->registry->guests, origin, name);
}

static void send_on(struct ask *a)
{
	struct endpoint *e = ask_endpoint(a);
	char *url = a->foreign ? take(a->url)
		    : a->page  ? xstrdup(a->page)
			       : xasprintf("%s%s", e->base, a->path);

	if (a->list != &e->sent) /* it waited; its slot it has */
		list_append(&e->sent, a);
	if (!a->foreign)
		a->hops = 0;
	send_to(a, url);
}

static enum grant may_go(struct ask *a, struct err *err)
{
	struct endpoint *e = ask_endpoint(a);
	own_free char *ping =
		a->repo && a->foreign ? url_resolve(a->url, span_str("/v2/"), err) : NULL;
	const struct grant_seeker who = {
		.repo = a->repo,
		.try = &a->auth,
		.base = a->foreign ? a->url : e->base,
		.ping = a->foreign ? ping : e->ping,
		.foreign = a->foreign,
	};

	return a->repo ? grant_ask(e, &who, err) : GRANT_GO;
}

void ask_let_in(struct ask *a)
{
	struct endpoint *e = ask_endpoint(a);
	struct err err;

	switch (may_go(a, &err)) {
	case GRANT_GO: send_on(a); break;
	case GRANT_WAIT: list_append(&e->waiting, a); break;
	case GRANT_REFUSED: ask_fail(a, &err); break;
	}
}

void ask_follow(struct ask *a, char *url)
{
	if (!a->foreign) {
		send_to(a, url);
		return;
	}
	free(a->url);
	a->url = url;
	a->repo = as_guest(a);
	a->auth = (struct auth_try){ 0 };
	ask_let_in(a);
}

static struct auth_repo *repository(const struct ask *a)
{
	const struct endpoint *e = ask_endpoint(a);
	own_free char *name = NULL;

	if (!a->up->registry->auth || e->anonymous)
		return NULL;
	name = xasprintf("%s%.*s", e->prefix, (int)a->name, a->path);
	return auth_repo(a->up->registry->auth, e->origin, name);
}

/* At the registry from the beginning, also after a redirect: a signed URL may have expired. */
static void begin_at_home(struct ask *a)
{
	if (a->foreign)
		a->auth = (struct auth_try){ 0 };
	a->foreign = false;
	a->repo = repository(a);
}

/* What was left by an earlier run may be all there is to it. */
static enum ask_end prepare(struct ask *a, struct err *err)
{
	enum ask_end next;

	do {
		next = a->verb->prepare(a, err);
		if (next != ASK_DONE)
			return next;
		next = a->verb->end(a, err);
	} while (next == ASK_AGAIN);
	return next;
}

static void start(struct ask *a)
{
	struct err err;

	switch (prepare(a, &err)) {
	case ASK_FAILED: ask_fail(a, &err); break;
	case ASK_DONE: end(a, NULL); break;
	case ASK_WAIT:
		take_slot(a);
		ask_end_with(a, ASK_WAIT, NULL);
		break;
	case ASK_AGAIN:
		take_slot(a);
		begin_at_home(a);
		ask_let_in(a);
	}
}

/*
 * The queue.
 */

void ask_queue(struct upstream *up, struct ask *a)
{
	a->up = up;
	a->at = 0;
	list_append(&ask_endpoint(a)->queue, a);
}

void ask_release(struct ask *a)
{
	free(a->path);
	free(a->url);
	buf_release(&a->said);
}

static void fail_all(struct ask_list *l, const struct err *why)
{
	while (l->first)
		ask_fail(l->first, why);
}

static void wake_later(struct endpoint *e, int64_t now)
{
	for (struct ask *a = e->later.last, *prev; a; a = prev) {
		prev = a->prev;
		if (a->not_before <= now)
			list_prepend(&e->queue, a);
	}
}

/* Tokens have come, or failed to. */
static void wake_waiting(struct endpoint *e)
{
	struct ask *last = e->waiting.last, *a;

	e->granted = false;
	do {
		a = e->waiting.first;
		if (a)
			ask_let_in(a);
	} while (a && a != last);
}

/* Those whose end can be told now. */
static void wake_ending(struct endpoint *e)
{
	for (struct ask *a = e->ending.first, *next; a; a = next) {
		struct err err;

		next = a->next;
		ask_end_with(a, a->verb->end(a, &err), &err);
	}
}

/* A wait of hours is told when it begins. */
static void tell_wait(struct ask *a, int64_t seconds, const struct err *why)
{
	own_free char *text = NULL;
	char until[CLOCK_RFC3339];

	clock_rfc3339(clock_wall() + (time_t)seconds, until);
	text = xasprintf("waiting until %s: %s", until, why->msg);
	upstream_warn(a->up->registry, ask_endpoint(a)->shown, text);
}

/* It counts, and there are no more pulls: it waits, if it may, or fails. */
static void no_pull(struct ask *a, int64_t now)
{
	struct endpoint *e = ask_endpoint(a);
	int64_t patience = a->up->registry->o.quota_wait_seconds * CLOCK_SEC;
	bool first = !e->host->pace.look_at;
	int64_t until = pace_quota_wait(&e->host->pace, patience, now);
	struct err err;

	pace_quota_error(&e->host->pace, now, clock_wall(), &err);
	if (!until) {
		ask_fail(a, &err);
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
	struct creds *creds = e->up->registry->o.creds;
	const char *host = e->origin ? strstr(e->origin, "://") + 3 : NULL;

	if (e->known || e->anonymous || !creds || !host)
		return true;
	if (!e->helped)
		creds_begin(creds, host);
	e->helped = true;
	e->known = creds_ready(creds, host);
	return e->known;
}

void ask_pump(struct endpoint *e, int64_t now)
{
	struct ask *a;

	grant_pump(e, now);
	if (e->granted)
		wake_waiting(e);
	wake_ending(e);
	wake_later(e, now);
	if (e->host->pace.given_up) {
		fail_all(&e->queue, &e->host->pace.why);
		fail_all(&e->later, &e->host->pace.why);
	}
	e->held = (e->queue.first || e->helped) && !knows_credentials(e);
	if (e->held)
		return;
	while ((a = e->queue.first) && e->host->active < pace_room(&e->host->pace) &&
	       pace_ready_at(&e->host->pace) <= now) {
		enum pace_gate gate = pace_may_pull(&e->host->pace, a->pull, now);

		e->held = gate == PACE_HOLD;
		if (gate == PACE_HOLD)
			return;
		if (gate == PACE_NO_PULL)
			no_pull(a, now);
		else
			start(a);
	}
}

bool ask_pending(const struct endpoint *e)
{
	return e->queue.first || e->later.first || e->waiting.first || e->sent.first ||
	       e->ending.first;
}

int64_t ask_wakes_at(const struct endpoint *e)
{
	int64_t at = grant_wakes_at(e), ready = pace_ready_at(&e->host->pace);

	for (const struct ask *a = e->later.first; a; a = a->next)
		if (a->not_before < at)
			at = a->not_before;
	if (e->queue.first && !e->held && e->host->active < pace_room(&e->host->pace) && ready < at)
		at = ready;
	return e->granted ? 0 : at;
}

void ask_stop(struct endpoint *e, const struct err *err)
{
	grant_stop(e);
	for (struct ask *a = e->sent.first; a; a = a->next)
		http_cancel(a->up->registry->http, &a->call);
	fail_all(&e->sent, err);
	fail_all(&e->ending, err);
	fail_all(&e->waiting, err);
	fail_all(&e->later, err);
	fail_all(&e->queue, err);
}
