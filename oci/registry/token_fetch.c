#include "oci/registry/token_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "oci/auth/auth.h"
#include "oci/auth/credential.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/url.h"
#include "oci/http/header.h"
#include "oci/registry/http_status.h"
#include "oci/registry/upstream.h"

/* How often a token is asked for before those who wait are told that its server fails. */
#define TRIES 3

/* A request under way to a token server, or to /v2/ for the challenge that a 401 did not have. */
struct grant_call {
	struct http_call call;
	struct endpoint *e;
	struct auth_repo *repo;
	struct auth_try *try; /* of the request that asked; NULL: this is the GET of /v2/ */
	struct grant_call *next;
	char *url, *form, *authorization; /* owned, the last two wiped */
	bool foreign;                     /* at another origin than the registry */
	struct token_server *grantor;     /* whom it asks; NULL: the registry, for its challenge */
	bool under_way;
	unsigned hops, tries;
	int64_t not_before; /* when it may be sent again */
	unsigned round;     /* of the throttle when it was sent, which was at */
	int64_t sent_at;
	struct buf body;
};

/* It is out, or has come back. */
static void set_under_way(struct grant_call *g, bool is)
{
	if (g->grantor)
		g->grantor->active += is - g->under_way;
	g->under_way = is;
}

static void remove_call(struct grant_call *g)
{
	struct grant_call **at = &g->e->grants;

	set_under_way(g, false);
	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	free(g->url);
	credential_wipe(g->form);
	credential_wipe(g->authorization);
	credential_wipe_buf(&g->body);
	free(g);
}

/* Who waits may go on: at all endpoints, since those that lead to one origin share what is known of it. */
static void wake_all(const struct registry *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->upstreams[i]->n; k++)
			r->upstreams[i]->endpoints[k].granted = true;
}

/* Tells auth, and all that wait. */
static void answered(struct grant_call *g, long status)
{
	struct span challenges[8];
	size_t n = 0;

	if (g->try) {
		auth_token_answer(g->repo, g->try, status, buf_span(&g->body), clock_now());
	} else {
		while (n < 8 && (challenges[n] = http_header(&g->call, "WWW-Authenticate", n)).p)
			n++;
		auth_pinged(g->repo, status, challenges, n);
	}
	wake_all(g->e->up->registry);
	remove_call(g);
}

static void failed(struct grant_call *g, const struct err *why)
{
	struct err err = *why;

	if (g->try) {
		err_wrap(&err, "token server");
		auth_token_failed(g->try, &err, clock_now());
	} else {
		auth_pinged(g->repo, 0, NULL, 0);
	}
	wake_all(g->e->up->registry);
	remove_call(g);
}

static void send_call(struct grant_call *g)
{
	struct endpoint *e = g->e;

	set_under_way(g, true);
	if (g->grantor)
		g->round = g->grantor->throttle.round;
	g->sent_at = clock_now();
	buf_clear(&g->body);
	g->call.method = g->form ? HTTP_POST : HTTP_GET;
	g->call.url = g->url;
	g->call.body = span_str(g->form ? g->form : "");
	g->call.authorization = g->authorization;
	g->call.tls = g->foreign ? &e->tls_abroad : &e->tls;
	g->call.reach = e->reach;
	http_send(e->up->registry->http, &g->call);
}

static bool given_up(const struct grant_call *g)
{
	return g->grantor && g->grantor->throttle.given_up;
}

static void warn_given_up(const struct grant_call *g)
{
	cleanup_free char *who = xasprintf("%s: token server", g->e->shown);

	upstream_warn(g->e->up->registry, who, g->grantor->throttle.why.msg);
}

/* A failure that may pass; perhaps the one that gives the server up. */
static void note_fault(struct grant_call *g, enum throttle_fault fault, int64_t after,
		       const struct err *why)
{
	struct throttle *p = &g->grantor->throttle;
	struct throttle_failure f = {
		.fault = fault,
		.round = g->round,
		.tries = ++g->tries,
		.after = after,
		.silent = g->call.status ? 0 : clock_now() - g->sent_at,
		.random = (unsigned)rand_r(&g->e->up->registry->seed),
	};

	set_under_way(g, false);
	if (p->given_up)
		return;
	if (after > THROTTLE_PATIENCE)
		throttle_leave_alone(p, after, clock_wall(), why);
	else
		g->not_before = throttle_failed(p, &f, clock_now(), why);
	if (p->given_up)
		warn_given_up(g);
}

static void faulty(struct grant_call *g, const struct err *why)
{
	if (g->grantor)
		note_fault(g, THROTTLE_WAY, -1, why);
	if (given_up(g))
		failed(g, &g->grantor->throttle.why);
	else if (!g->grantor || g->tries >= TRIES)
		failed(g, why);
}

/* Where `to`, said by `from`, is: a URL we may be sent to, or NULL. */
static char *allowed(const struct endpoint *e, const char *from, struct span to, bool *foreign,
		     struct err *err)
{
	cleanup_free char *url = url_resolve(from, to, err);
	struct url a, b;

	if (!url || url_parse(&a, span_str(from), err) < 0 ||
	    url_parse(&b, span_str(url), err) < 0 || origin_may_follow(&a, e->reach, &b, err) < 0)
		return NULL;
	if (!url_same_origin(&a, &b))
		*foreign = true;
	return take(url);
}

static void redirected(struct grant_call *g)
{
	struct span location = http_header(&g->call, "Location", 0);
	cleanup_free char *next = NULL;
	bool elsewhere = false;
	struct err err;

	if (!location.p || ++g->hops > LIMIT_HTTP_REDIRECTS) {
		err_set(&err, ERR_INVALID, 0, "redirects without end or target");
		failed(g, &err);
		return;
	}
	next = allowed(g->e, g->url, location, &elsewhere, &err);
	if (next && elsewhere && (g->authorization || g->form)) {
		err_set(&err, ERR_AUTH, 0,
			"redirects to another host, where our credentials do not go");
		free(take(next));
	}
	if (!next) {
		failed(g, &err);
		return;
	}
	g->foreign |= elsewhere;
	free(g->url);
	g->url = take(next);
	send_call(g);
}

static int on_data(struct http_call *c, const char *p, size_t n, struct err *err)
{
	struct grant_call *g = c->arg;

	if (!buf_add(&g->body, p, n))
		return err_set(err, ERR_INVALID, 0, "its answer is larger than %lu KiB",
			       LIMIT_TOKEN / KIB);
	return 0;
}

static void busy(struct grant_call *g)
{
	struct span said = http_header(&g->call, "Retry-After", 0);
	int64_t seconds = said.p ? header_retry_after(said, clock_wall()) : -1;
	const struct http_status *status = http_status_find(g->call.status);
	struct err err;

	err_set(&err, status->kind, (int)g->call.status, "answered %ld", g->call.status);
	note_fault(g, status->fault, seconds < 0 ? -1 : seconds * CLOCK_SEC, &err);
	if (given_up(g))
		failed(g, &g->grantor->throttle.why);
	else if (g->tries >= TRIES)
		answered(g, g->call.status);
}

/* A certificate that is not trusted today is not trusted for the next repository either. */
static void hopeless(struct grant_call *g, const struct err *why)
{
	if (g->grantor)
		throttle_give_up(&g->grantor->throttle, why);
	failed(g, why);
}

static void on_done(struct http_call *c, enum http_result result, const struct err *err)
{
	struct grant_call *g = c->arg;

	if (result == HTTP_FAULT) {
		faulty(g, err);
	} else if (result == HTTP_REFUSED) {
		hopeless(g, err);
	} else if (result != HTTP_DONE) {
		failed(g, err);
	} else if (c->status >= 300 && c->status < 400 && g->try) {
		redirected(g);
	} else if (g->grantor && http_status_is_transient(c->status)) {
		busy(g);
	} else {
		if (g->grantor)
			throttle_answered(&g->grantor->throttle);
		answered(g, c->status);
	}
}

static struct grant_call *add_call(struct endpoint *e, const struct token_waiter *who)
{
	struct grant_call *g = xcalloc(1, sizeof(*g));

	g->e = e;
	g->repo = who->repo;
	g->foreign = who->foreign;
	g->next = e->grants;
	e->grants = g;
	g->call.arg = g;
	g->call.data = on_data;
	g->call.done = on_done;
	g->call.accept = "application/json";
	buf_init(&g->body, LIMIT_TOKEN);
	return g;
}

static void start_ping(struct endpoint *e, const struct token_waiter *who)
{
	struct grant_call *g = add_call(e, who);

	g->url = xstrdup(who->ping);
	e->up->requests += !who->foreign;
	send_call(g);
}

static void start_token(struct endpoint *e, const struct token_waiter *who)
{
	struct grant_call *g = add_call(e, who);
	struct auth_request q;
	struct err err;

	g->try = who->try;
	if (auth_token_request(who->try, &q, &err) == 0)
		g->url = allowed(e, who->base, span_str(q.url), &g->foreign, &err);
	if (!g->url) {
		failed(g, &err);
		return;
	}
	g->form = q.form ? xstrdup(q.form) : NULL;
	g->authorization = q.authorization ? xstrdup(q.authorization) : NULL;
	/* token_fetch_pump() sends it */
	g->grantor = who->foreign ? &e->elsewhere : &e->host->grantor;
}

enum token_fetch_result token_fetch_ask(struct endpoint *e, const struct token_waiter *who,
					struct err *err)
{
	switch (auth_next(who->repo, who->try, clock_now(), err)) {
	case AUTH_FAIL: return TOKEN_FETCH_REFUSED;
	case AUTH_SEND: return TOKEN_FETCH_GO;
	case AUTH_TOKEN: start_token(e, who); break;
	case AUTH_PING: start_ping(e, who); break;
	case AUTH_WAIT: break;
	}
	return TOKEN_FETCH_WAIT;
}

/* Whether its server takes one more request, now or when its time has come. */
static bool has_room(const struct grant_call *g)
{
	return !g->under_way && g->grantor &&
	       g->grantor->active < throttle_free_slots(&g->grantor->throttle);
}

/* When it is sent; or told that it never will be. */
static int64_t ready_at(const struct grant_call *g)
{
	int64_t ready = throttle_ready_at(&g->grantor->throttle);

	if (given_up(g))
		return 0;
	return ready > g->not_before ? ready : g->not_before;
}

void token_fetch_pump(struct endpoint *e, int64_t now)
{
	struct grant_call *next;

	for (struct grant_call *g = e->grants; g; g = next) {
		next = g->next;
		if (!g->under_way && given_up(g))
			failed(g, &g->grantor->throttle.why);
		else if (has_room(g) && ready_at(g) <= now)
			send_call(g);
	}
}

int64_t token_fetch_wakes_at(const struct endpoint *e)
{
	int64_t at = INT64_MAX;

	for (const struct grant_call *g = e->grants; g; g = g->next)
		if ((has_room(g) || given_up(g)) && !g->under_way && ready_at(g) < at)
			at = ready_at(g);
	return at;
}

void token_fetch_stop(struct endpoint *e)
{
	struct err err;

	err_set(&err, ERR_NET, 0, "interrupted");
	while (e->grants) {
		http_cancel(e->up->registry->http, &e->grants->call);
		// NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it takes itself off the list
		failed(e->grants, &err);
	}
}
