#include "oci/ask.h"

#include <stdio.h>
#include <string.h>

#include "oci/clock.h"
#include "oci/header.h"
#include "oci/limits.h"
#include "oci/own.h"
#include "oci/refusal.h"
#include "oci/url.h"

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

static struct endpoint *endpoint_of(const struct ask *a)
{
	return &a->up->endpoints[a->at];
}

/* Whether what is under way is asked of the registry itself, not of where it redirected to. */
static bool at_registry(const struct ask *a)
{
	return !a->foreign;
}

/*
 * The end of an ask, or of an endpoint's part in it.
 */

/* Out of the lists; its slot is free. */
static void leave(struct ask *a)
{
	struct endpoint *e = endpoint_of(a);

	if (a->list == &e->sent || a->list == &e->waiting) {
		e->active--;
		if (a->pull)
			e->pace.pulls--;
	}
	list_remove(a);
}

static void finish(struct ask *a, const struct err *err)
{
	leave(a);
	a->verb->done(a, err);
}

/* This endpoint can't help; the next one may. */
static void fail(struct ask *a, const struct err *why)
{
	struct err err = *why;

	leave(a);
	if (err.kind != ERR_IO && a->at + 1 < a->up->n && !a->up->registry->stopped) {
		a->at++;
		a->tries = 0;
		a->not_before = 0;
		list_append(&endpoint_of(a)->queue, a);
		return;
	}
	err_wrap(&err, "%s", endpoint_of(a)->shown);
	finish(a, &err);
}

/* A failure that another try may mend. */
static void fail_for_now(struct ask *a, enum pace_fault fault, int64_t after, unsigned tries,
			 const struct err *why)
{
	struct endpoint *e = endpoint_of(a);
	int64_t now = clock_now();
	bool hopeless;

	a->tries++;
	a->not_before = pace_failed(&e->pace, fault, a->tries, after, now,
				    (unsigned)rand_r(&a->up->registry->seed), why);
	hopeless = e->pace.given_up || a->tries >= tries;
	if (hopeless) {
		fail(a, e->pace.given_up ? &e->pace.why : why);
		return;
	}
	a->up->retries++;
	leave(a);
	list_append(&e->later, a);
}

/*
 * Sending.
 */

static void start(struct ask *a);

static void send_to(struct ask *a, char *takes_url)
{
	struct endpoint *e = endpoint_of(a);

	free(a->url);
	a->url = takes_url;
	a->good = false;
	buf_clear(&a->said);
	a->call.method = a->method;
	a->call.url = a->url;
	a->call.accept = a->accept;
	a->call.from = a->from;
	a->call.tls = a->foreign ? NULL : &e->tls;
	a->call.reach = a->hops ? e->reach : ORIGIN_LOCAL;
	if (at_registry(a)) {
		a->requests++;
		a->up->requests++;
	}
	http_send(a->up->registry->http, &a->call);
}

/* From the beginning, at the registry: a signed URL that we were redirected to may have expired. */
static void start(struct ask *a)
{
	struct endpoint *e = endpoint_of(a);
	struct err err;
	enum ask_end end = a->verb->prepare ? a->verb->prepare(a, &err) : ASK_AGAIN;

	if (end == ASK_DONE)
		end = a->verb->end(a, &err);
	if (end == ASK_FAILED) {
		fail(a, &err);
		return;
	}
	if (end == ASK_DONE) {
		finish(a, NULL);
		return;
	}
	list_append(&e->sent, a);
	e->active++;
	if (a->pull)
		e->pace.pulls++;
	a->hops = 0;
	a->foreign = false;
	send_to(a, a->page ? xstrdup(a->page) : xasprintf("%s%s", e->base, a->path));
}

/*
 * Answers.
 */

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static int check_encoding(const struct ask *a, struct err *err)
{
	struct span encoding = ask_header(a, "Content-Encoding");

	if (!encoding.n || span_eq_nocase(encoding, "identity"))
		return 0;
	return err_set(err, ERR_INVALID, 0,
		       "answered with Content-Encoding \"%.*s\" that nobody asked for",
		       SPAN_ARG(encoding));
}

static void tell_warning(const struct ask *a)
{
	const struct registry_options *o = &a->up->registry->o;
	struct span text = header_warning(ask_header(a, "Warning"));
	struct err line;

	if (!text.p || !o->warn)
		return;
	err_set(&line, ERR_NONE, 0, "%s: %.*s", endpoint_of(a)->shown, SPAN_ARG(text));
	o->warn(o->warn_arg, line.msg);
}

static long number_header(const struct ask *a, const char *name, long *window)
{
	struct span value = ask_header(a, name);
	long n, w = -1;

	if (!value.p || !header_rate_limit(value, &n, &w))
		return -1;
	if (window && w >= 0)
		*window = w;
	return n;
}

static void read_quota(struct ask *a)
{
	long limit, remaining, window = -1;

	limit = number_header(a, "RateLimit-Limit", &window);
	remaining = number_header(a, "RateLimit-Remaining", &window);
	if (limit >= 0 || remaining >= 0)
		pace_quota(&endpoint_of(a)->pace, limit, remaining,
			   number_header(a, "RateLimit-Reset", NULL), window, clock_now());
}

static int on_head(struct http_call *c, struct err *err)
{
	struct ask *a = c->arg;

	if (at_registry(a)) {
		read_quota(a);
		tell_warning(a);
	}
	a->good = c->status == 200 || c->status == 206;
	if (!a->good)
		return 0;
	return check_encoding(a, err) < 0 ? -1 : a->verb->begin(a, err);
}

static int on_data(struct http_call *c, const char *p, size_t n, struct err *err)
{
	struct ask *a = c->arg;
	size_t room = a->said.max - a->said.n;

	a->bytes += n;
	a->up->bytes += n;
	a->up->registry->bytes += n;
	if (a->good)
		return a->verb->data(a, p, n, err);
	buf_add(&a->said, p, n < room ? n : room);
	/* the rest is of no use to anybody, however long it is */
	return n <= room ? 0 : err_set(err, ERR_INVALID, 0, "endless error page");
}

static int64_t retry_after(const struct ask *a)
{
	struct span value = ask_header(a, "Retry-After");
	int64_t s = value.p ? header_retry_after(value, clock_wall()) : -1;

	return s < 0 ? -1 : s * CLOCK_SEC;
}

static void redirected(struct ask *a)
{
	struct endpoint *e = endpoint_of(a);
	struct span location = ask_header(a, "Location");
	own_free char *next = NULL;
	struct url from, to;
	struct err err;

	if (!location.p) {
		err_set(&err, ERR_INVALID, (int)a->call.status, "a redirect (%ld) without Location",
			a->call.status);
		fail(a, &err);
		return;
	}
	next = url_resolve(a->url, location, &err);
	if (!next || url_parse(&from, span_str(a->url), &err) < 0 ||
	    url_parse(&to, span_str(next), &err) < 0 ||
	    origin_may_follow(&from, e->reach, &to, &err) < 0) {
		fail(a, &err);
		return;
	}
	if (++a->hops > LIMIT_HTTP_REDIRECTS) {
		err_set(&err, ERR_INVALID, 0, "more than %d redirects", LIMIT_HTTP_REDIRECTS);
		fail(a, &err);
		return;
	}
	if (!url_same_origin(&from, &to))
		a->foreign = true;
	send_to(a, take(next));
}

/* 429: used up for long, or only too fast? */
static void limited(struct ask *a, const struct err *why)
{
	struct pace *p = &endpoint_of(a)->pace;
	int64_t after = retry_after(a);
	bool quota = number_header(a, "RateLimit-Remaining", NULL) == 0 ||
		     refusal_is_quota(buf_span(&a->said));

	if (quota || after > PACE_PATIENCE) {
		pace_spent(p, a->pull, after > 0 ? clock_now() + after : 0);
		fail(a, why);
		return;
	}
	fail_for_now(a, PACE_BUSY, after, PACE_TRIES, why);
}

/* Where it was stored, not the registry, says no: that may be over when the registry is asked again. */
static void storage_failed(struct ask *a)
{
	char shown[URL_SHOWN];
	struct err err;

	url_show(a->url, shown);
	err_set(&err, ERR_NET, (int)a->call.status, "redirected to %s, which answered %ld", shown,
		a->call.status);
	fail_for_now(a, PACE_HOST, -1, PACE_TRIES_503, &err);
}

static void refused(struct ask *a)
{
	long status = a->call.status;
	struct err err;

	if (a->from && a->verb->restart && status == 416 && a->verb->restart(a)) {
		leave(a);
		list_prepend(&endpoint_of(a)->queue, a);
		return;
	}
	if (a->foreign && status != 416) {
		storage_failed(a);
		return;
	}
	refusal_read(status, buf_span(&a->said), ask_header(a, "Content-Type"), &err);
	if (status == 429) {
		limited(a, &err);
	} else if (pace_is_transient(status)) {
		fail_for_now(a, PACE_HOST, retry_after(a),
			     status == 503 ? PACE_TRIES_503 : PACE_TRIES, &err);
	} else {
		pace_answered(&endpoint_of(a)->pace);
		fail(a, &err);
	}
}

static void answered(struct ask *a)
{
	struct err err;
	enum ask_end end = a->verb->end(a, &err);

	if (end == ASK_FAILED && err.kind == ERR_NET) {
		fail_for_now(a, PACE_WAY, -1, PACE_TRIES, &err);
		return;
	}
	pace_answered(&endpoint_of(a)->pace);
	if (end == ASK_DONE) {
		finish(a, NULL);
	} else if (end == ASK_FAILED) {
		fail(a, &err);
	} else {
		leave(a);
		a->tries = 0;
		list_prepend(&endpoint_of(a)->queue, a);
	}
}

/* What the registry is reached at is how near it is, for where it may send us. */
static void learn_reach(struct ask *a)
{
	if (at_registry(a) && a->call.reached > endpoint_of(a)->reach)
		endpoint_of(a)->reach = a->call.reached;
}

static void on_done(struct http_call *c, enum http_result result, const struct err *err)
{
	struct ask *a = c->arg;

	learn_reach(a);
	if (result == HTTP_FAULT)
		fail_for_now(a, PACE_WAY, -1, PACE_TRIES, err);
	else if (result == HTTP_ENDED && a->good && err->kind == ERR_NET)
		fail_for_now(a, PACE_HOST, -1, PACE_TRIES, err);
	else if (result == HTTP_REFUSED || (result == HTTP_ENDED && a->good))
		fail(a, err);
	else if (a->good)
		answered(a);
	else if (is_redirect(c->status))
		redirected(a);
	else
		refused(a);
}

/*
 * The queue.
 */

void ask_queue(struct upstream *up, struct ask *a)
{
	a->up = up;
	a->at = 0;
	buf_init(&a->said, LIMIT_HTTP_ERROR);
	a->call.arg = a;
	a->call.head = on_head;
	a->call.data = on_data;
	a->call.done = on_done;
	list_append(&endpoint_of(a)->queue, a);
}

void ask_release(struct ask *a)
{
	free(a->path);
	free(a->url);
	buf_release(&a->said);
}

void ask_progress(struct ask *a)
{
	a->tries = 0;
}

struct span ask_header(const struct ask *a, const char *name)
{
	return http_header(&a->call, name, 0);
}

static void fail_all(struct ask_list *l, const struct err *why)
{
	while (l->first)
		fail(l->first, why);
}

static void wake_later(struct endpoint *e, int64_t now)
{
	for (struct ask *a = e->later.last, *prev; a; a = prev) {
		prev = a->prev;
		if (a->not_before <= now)
			list_prepend(&e->queue, a);
	}
}

/* Why a request that counts may not go now, in words. */
static void quota_error(const struct endpoint *e, struct err *err)
{
	const struct pace *p = &e->pace;

	if (p->spent)
		err_set(err, ERR_LIMIT, 429, "its pull limit is used up");
	else
		err_set(err, ERR_LIMIT, 429,
			"%ld of %ld pulls are left, and min-remaining keeps %ld", p->remaining,
			p->limit, p->floor);
}

void ask_pump(struct endpoint *e, int64_t now)
{
	struct ask *a;

	wake_later(e, now);
	if (e->pace.given_up) {
		fail_all(&e->queue, &e->pace.why);
		fail_all(&e->later, &e->pace.why);
	}
	while ((a = e->queue.first) && e->active < pace_room(&e->pace) &&
	       pace_ready_at(&e->pace) <= now) {
		enum pace_gate gate = pace_may_pull(&e->pace, a->pull);
		struct err err;

		if (gate == PACE_HOLD)
			return;
		if (gate == PACE_NO_PULL) {
			quota_error(e, &err);
			fail(a, &err);
		} else {
			start(a);
		}
	}
}

bool ask_pending(const struct endpoint *e)
{
	return e->queue.first || e->later.first || e->waiting.first || e->sent.first;
}

int64_t ask_wakes_at(const struct endpoint *e)
{
	int64_t at = INT64_MAX, ready = pace_ready_at(&e->pace);

	for (const struct ask *a = e->later.first; a; a = a->next)
		if (a->not_before < at)
			at = a->not_before;
	if (e->queue.first && e->active < pace_room(&e->pace) && ready < at)
		at = ready;
	return at;
}

void ask_stop(struct endpoint *e, const struct err *err)
{
	for (struct ask *a = e->sent.first; a; a = a->next)
		http_cancel(a->up->registry->http, &a->call);
	fail_all(&e->sent, err);
	fail_all(&e->waiting, err);
	fail_all(&e->later, err);
	fail_all(&e->queue, err);
}
