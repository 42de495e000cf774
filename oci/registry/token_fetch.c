#include "oci/registry/token_fetch.h"

#include <stdlib.h>

#include "oci/auth/auth.h"
#include "oci/auth/credential.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/url.h"
#include "oci/registry/advice.h"
#include "oci/registry/http_status.h"
#include "oci/registry/response.h"
#include "oci/registry/upstream.h"

/* How often a call is sent before the requests that wait for its token fail. */
#define TRIES 3

/* A call to a token server, or to /v2/ of a registry for the challenge that a 401 did not have. */
struct token_call {
	struct http_call http;
	struct endpoint *e;
	struct auth_repo *repo;
	struct auth_try *try; /* of the request that asked; NULL: this is the GET of /v2/ */
	struct token_call *next;
	char *url, *form, *authorization; /* owned, the last two wiped */
	bool cross_origin;                /* url is at another origin than the registry */
	struct token_server *server;      /* NULL: the registry, for its challenge */
	bool under_way;
	unsigned long number; /* no other request of the run has it */
	unsigned hops, tries;
	int64_t not_before; /* clock_now() before which it is not sent again */
	unsigned round;     /* of the throttle when it was sent, at sent_at */
	int64_t sent_at;
	struct buf body;
};

static void set_under_way(struct token_call *c, bool under_way)
{
	if (c->server)
		c->server->active += under_way - c->under_way;
	c->under_way = under_way;
}

static void remove_call(struct token_call *c)
{
	struct token_call **at = &c->e->token_calls;

	set_under_way(c, false);
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	free(c->url);
	credential_wipe(c->form);
	credential_wipe(c->authorization);
	credential_wipe_buf(&c->body);
	free(c);
}

void token_fetch_wake(const struct registry *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->upstreams[i]->n; k++)
			r->upstreams[i]->endpoints[k].tokens_arrived = true;
}

/*
 * How a call ends.
 */

/* With an answer, good or bad. */
static void end_call(struct token_call *c)
{
	struct span challenges[RESPONSE_CHALLENGES];
	long status = c->http.status;

	if (c->try)
		auth_token_answer(c->repo, c->try, status, buf_span(&c->body), clock_now());
	else
		auth_pinged(c->repo, status, challenges, response_challenges(&c->http, challenges));
	token_fetch_wake(c->e->up->registry);
	remove_call(c);
}

/* Without an answer. */
static void fail_call(struct token_call *c, const struct err *why)
{
	struct err err = *why;

	if (c->try) {
		err_wrap(&err, "token server");
		auth_token_failed(c->try, &err, clock_now());
	} else {
		auth_pinged(c->repo, 0, NULL, 0);
	}
	token_fetch_wake(c->e->up->registry);
	remove_call(c);
}

static void send_call(struct token_call *c)
{
	struct endpoint *e = c->e;

	set_under_way(c, true);
	if (c->server)
		c->round = c->server->throttle.round;
	c->sent_at = clock_now();
	buf_clear(&c->body);
	c->http.method = c->form ? HTTP_POST : HTTP_GET;
	c->http.url = c->url;
	c->http.body = span_str(c->form ? c->form : "");
	c->http.authorization = c->authorization;
	c->http.tls = c->cross_origin ? &e->tls_cross_origin : &e->tls;
	c->http.zone = e->zone;
	c->http.seconds = LIMIT_TOKEN_SECONDS;
	c->http.attempt = c->tries + 1;
	http_send(e->up->registry->http, &c->http);
}

static bool is_given_up(const struct token_call *c)
{
	return c->server && c->server->throttle.given_up;
}

static void warn_given_up(const struct token_call *c)
{
	cleanup_free char *who = xasprintf("%s: token server", c->e->shown);

	upstream_warn(c->e->up->registry, who, c->server->throttle.why.msg);
}

/* Tells the throttle of a failure that may pass: it delays the call, and perhaps gives the server
 * up. */
static void count_failure(struct token_call *c, enum throttle_fault fault, int64_t after,
			  const struct err *why)
{
	struct throttle *t = &c->server->throttle;
	struct throttle_failure f = {
		.fault = fault,
		.request = c->number,
		.round = c->round,
		.tries = ++c->tries,
		.after = after,
		.silent = c->http.status ? 0 : clock_now() - c->sent_at,
		.random = (unsigned)rand_r(&c->e->up->registry->seed),
	};

	set_under_way(c, false);
	if (t->given_up)
		return;
	if (after > THROTTLE_PATIENCE)
		throttle_leave_alone(t, after, clock_wall(), why);
	else
		c->not_before = throttle_failed(t, &f, clock_now(), why);
	if (t->given_up)
		warn_given_up(c);
}

/*
 * What comes back. A call that neither ends nor fails here stays in the list, and
 * token_fetch_pump() sends it again.
 */

static void on_network_fault(struct token_call *c, const struct err *why)
{
	if (c->server)
		count_failure(c, c->http.connected ? THROTTLE_NETWORK : THROTTLE_UNREACHED, -1,
			      why);
	if (is_given_up(c))
		fail_call(c, &c->server->throttle.why);
	else if (!c->server || c->tries >= TRIES)
		fail_call(c, why);
}

static void on_redirect(struct token_call *c)
{
	struct span location = http_header(&c->http, "Location", 0);
	cleanup_free char *next = NULL;
	bool cross_origin = false;
	struct err err;

	if (!location.p || ++c->hops > LIMIT_HTTP_REDIRECTS) {
		err_set(&err, ERR_INVALID, 0, "redirects without end or target");
		fail_call(c, &err);
		return;
	}
	next = origin_resolve(c->url, c->e->zone, location, &cross_origin, &err);
	if (next && cross_origin && (c->authorization || c->form)) {
		err_set(&err, ERR_AUTH, 0,
			"redirects to another host, where our credentials do not go");
		free(take(next));
	}
	if (!next) {
		fail_call(c, &err);
		return;
	}
	c->cross_origin |= cross_origin;
	free(c->url);
	c->url = take(next);
	send_call(c);
}

static void on_transient(struct token_call *c)
{
	const struct http_status *status = http_status_find(c->http.status);
	struct err err;

	err_set(&err, status->kind, (int)c->http.status, "answered %ld", c->http.status);
	count_failure(c, status->fault, response_retry_after(&c->http), &err);
	if (is_given_up(c))
		fail_call(c, &c->server->throttle.why);
	else if (c->tries >= TRIES)
		end_call(c);
}

/* A certificate that is not trusted now will not be trusted for the next repository. */
static void on_hopeless(struct token_call *c, const struct err *why)
{
	if (c->server)
		throttle_give_up(&c->server->throttle, why);
	fail_call(c, why);
}

static void on_response(struct token_call *c)
{
	long status = c->http.status;

	if (status >= 300 && status < 400 && c->try) {
		on_redirect(c);
	} else if (c->server && http_status_is_transient(status)) {
		on_transient(c);
	} else {
		if (c->server)
			throttle_answered(&c->server->throttle);
		end_call(c);
	}
}

static int on_body(struct http_call *http, const char *p, size_t n, struct err *err)
{
	struct token_call *c = http->arg;

	if (!buf_add(&c->body, p, n))
		return err_set(err, ERR_INVALID, 0, "its answer is larger than %lu KiB",
			       LIMIT_TOKEN / KIB);
	return 0;
}

static void on_call_done(struct http_call *http, enum http_result result, const struct err *err)
{
	struct token_call *c = http->arg;
	struct err why = ERR_INIT;

	if (err) {
		why = *err;
		advice_add(c->e, http, c->server != NULL, &why);
	}
	switch (result) {
	case HTTP_DONE: on_response(c); break;
	case HTTP_FAULT: on_network_fault(c, &why); break;
	case HTTP_REFUSED: on_hopeless(c, &why); break;
	case HTTP_ENDED: fail_call(c, &why); break;
	}
}

/*
 * What starts a call.
 */

static struct token_call *add_call(struct endpoint *e, const struct token_waiter *waiter)
{
	struct token_call *c = xcalloc(1, sizeof(*c));

	c->e = e;
	c->number = ++e->up->registry->numbered;
	c->repo = waiter->repo;
	c->cross_origin = waiter->cross_origin;
	c->next = e->token_calls;
	e->token_calls = c;
	c->http.arg = c;
	c->http.data = on_body;
	c->http.done = on_call_done;
	c->http.accept = "application/json";
	buf_init(&c->body, LIMIT_TOKEN);
	return c;
}

static void start_ping(struct endpoint *e, const struct token_waiter *waiter)
{
	struct token_call *c = add_call(e, waiter);

	c->url = xstrdup(waiter->ping);
	if (!waiter->cross_origin) {
		throttle_sent(&e->host->throttle, clock_now());
		e->up->requests++;
		++*waiter->requests;
	}
	send_call(c);
}

/* token_fetch_pump() sends it. */
static void queue_token_call(struct endpoint *e, const struct token_waiter *waiter)
{
	struct token_call *c = add_call(e, waiter);
	struct auth_request q;
	struct err err;

	c->try = waiter->try;
	if (auth_token_request(waiter->try, &q, &err) == 0)
		c->url = origin_resolve(waiter->base, e->zone, span_str(q.url), &c->cross_origin,
					&err);
	if (!c->url) {
		fail_call(c, &err);
		return;
	}
	c->form = q.form ? xstrdup(q.form) : NULL;
	c->authorization = q.authorization ? xstrdup(q.authorization) : NULL;
	c->server = waiter->cross_origin ? &e->other_token_server : &e->host->token_server;
}

enum token_fetch_result token_fetch_ask(struct endpoint *e, const struct token_waiter *waiter,
					struct err *err)
{
	switch (auth_next(waiter->repo, waiter->try, clock_now(), err)) {
	case AUTH_FAIL: return TOKEN_FETCH_REFUSED;
	case AUTH_SEND: return TOKEN_FETCH_GO;
	case AUTH_TOKEN: queue_token_call(e, waiter); break;
	case AUTH_PING: start_ping(e, waiter); break;
	case AUTH_WAIT: break;
	}
	return TOKEN_FETCH_WAIT;
}

/*
 * Turns of the loop.
 */

/* Whether c waits, and its server takes one more call now or when its time has come. */
static bool has_free_slot(const struct token_call *c)
{
	return !c->under_way && c->server &&
	       c->server->active < throttle_free_silent(&c->server->throttle);
}

/* When c is sent; 0 when its server has been given up, since it fails then. */
static int64_t ready_at(const struct token_call *c)
{
	int64_t ready = throttle_ready_at(&c->server->throttle);

	if (is_given_up(c))
		return 0;
	return ready > c->not_before ? ready : c->not_before;
}

void token_fetch_pump(struct endpoint *e, int64_t now)
{
	struct token_call *next;

	for (struct token_call *c = e->token_calls; c; c = next) {
		next = c->next;
		if (!c->under_way && is_given_up(c))
			fail_call(c, &c->server->throttle.why);
		else if (has_free_slot(c) && ready_at(c) <= now)
			send_call(c);
	}
}

int64_t token_fetch_wakes_at(const struct endpoint *e)
{
	int64_t at = INT64_MAX;

	for (const struct token_call *c = e->token_calls; c; c = c->next)
		if ((has_free_slot(c) || is_given_up(c)) && !c->under_way && ready_at(c) < at)
			at = ready_at(c);
	return at;
}

void token_fetch_stop(struct endpoint *e)
{
	struct err err;

	err_set(&err, ERR_NET, 0, "interrupted");
	while (e->token_calls) {
		http_cancel(e->up->registry->http, &e->token_calls->http);
		// NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it takes itself off the list
		fail_call(e->token_calls, &err);
	}
}
