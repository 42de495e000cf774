#include "oci/registry/reply.h"

#include <stdio.h>
#include <string.h>

#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "oci/base/own.h"
#include "oci/base/url.h"
#include "oci/http/header.h"
#include "oci/registry/ask.h"
#include "oci/registry/refusal.h"

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

static void tell_warnings(const struct ask *a)
{
	struct span value, text;
	struct err line; /* which makes it printable */

	for (size_t i = 0; (value = http_header(&a->call, "Warning", i)).p; i++) {
		text = header_warning(value);
		if (!text.p)
			continue;
		err_set(&line, ERR_NONE, 0, "%.*s", SPAN_ARG(text));
		upstream_warn(a->up->registry, ask_endpoint(a)->shown, line.msg);
	}
}

/* Seconds from now that a header speaks of, or -1. */
static int64_t seconds_header(const struct ask *a, const char *name)
{
	struct span value = ask_header(a, name);

	return value.p ? header_retry_after(value, clock_wall()) : -1;
}

static long number_header(const struct ask *a, const char *name, long *window)
{
	struct span value = ask_header(a, name);
	long n, w;

	if (!value.p || !header_rate_limit(value, &n, &w))
		return -1;
	if (w >= 0)
		*window = w;
	return n;
}

static void read_quota(struct ask *a)
{
	long limit, remaining, window = -1;

	limit = number_header(a, "RateLimit-Limit", &window);
	remaining = number_header(a, "RateLimit-Remaining", &window);
	if (limit >= 0 || remaining >= 0)
		pace_quota(&ask_endpoint(a)->host->pace, limit, remaining,
			   (long)seconds_header(a, "RateLimit-Reset"), window, clock_now());
}

static int on_head(struct http_call *c, struct err *err)
{
	struct ask *a = c->arg;

	if (!a->foreign) {
		read_quota(a);
		tell_warnings(a);
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

	a->bytes += a->good ? n : 0;
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
	int64_t s = seconds_header(a, "Retry-After");

	return s < 0 ? -1 : s * CLOCK_SEC;
}

static void redirected(struct ask *a)
{
	struct endpoint *e = ask_endpoint(a);
	struct span location = ask_header(a, "Location");
	own_free char *next = NULL;
	struct url from, to;
	struct err err;

	if (!location.p) {
		err_set(&err, ERR_INVALID, (int)a->call.status, "a redirect (%ld) without Location",
			a->call.status);
		ask_fail(a, &err);
		return;
	}
	next = url_resolve(a->call.url, location, &err);
	if (!next || url_parse(&from, span_str(a->call.url), &err) < 0 ||
	    url_parse(&to, span_str(next), &err) < 0 ||
	    origin_may_follow(&from, e->reach, &to, &err) < 0) {
		ask_fail(a, &err);
		return;
	}
	if (++a->hops > LIMIT_HTTP_REDIRECTS) {
		err_set(&err, ERR_INVALID, 0, "more than %d redirects", LIMIT_HTTP_REDIRECTS);
		ask_fail(a, &err);
		return;
	}
	pace_answered(ask_pace(a));
	if (!url_same_origin(&from, &to))
		a->foreign = true;
	if (ask_pace(a)->given_up)
		ask_fail(a, &ask_pace(a)->why);
	else
		ask_follow(a, take(next));
}

/* 429: used up for long, or only too fast? */
static void limited(struct ask *a, const struct err *why)
{
	struct pace *p = &ask_endpoint(a)->host->pace;
	int64_t after = retry_after(a);
	long window;
	bool quota = number_header(a, "RateLimit-Remaining", &window) == 0 ||
		     refusal_is_quota(buf_span(&a->said));

	if (quota || after > PACE_PATIENCE) {
		pace_spent(p, a->pull, after > 0 ? clock_now() + after : 0);
		ask_again(a); /* to wait for it, or to be told when to come back */
		return;
	}
	ask_fail_for_now(a, PACE_BUSY, after, PACE_TRIES, why);
}

/* Puts in front of it that it was another host than the registry. */
static void name_storage(const struct ask *a, struct err *err)
{
	char shown[URL_SHOWN];

	if (!a->foreign)
		return;
	url_show(a->call.url, shown);
	err_wrap(err, "redirected to %s", shown);
}

/* Where it was stored, not the registry, says no: that may be over when the registry is asked again. */
static void storage_failed(struct ask *a)
{
	struct err err;

	err_set(&err, ERR_NET, (int)a->call.status, "answered %ld", a->call.status);
	name_storage(a, &err);
	ask_fail_for_now(a, PACE_HOST, -1, PACE_TRIES_503, &err);
}

/* 401, or what some registries say instead of it when a token has expired. */
static void challenged(struct ask *a)
{
	struct span challenges[8];
	size_t n = 0;
	struct err err;

	while (n < 8 && (challenges[n] = http_header(&a->call, "WWW-Authenticate", n)).p)
		n++;
	pace_answered(ask_pace(a));
	if (auth_refused(a->repo, &a->auth, challenges, n, clock_now(), &err) == 0)
		ask_let_in(a);
	else if (a->foreign)
		storage_failed(a);
	else
		ask_fail(a, &err);
}

static bool is_challenge(const struct ask *a)
{
	long status = a->call.status;

	if (!a->repo)
		return false;
	if (a->foreign)
		return status == 401 && ask_header(a, "WWW-Authenticate").p;
	return status == 401 || auth_stale(a->repo, &a->auth, status, clock_now());
}

/* Down for so long that nobody waits for it: it is not asked again in this run. */
static void leave_alone(struct ask *a, int64_t for_how_long, const struct err *why)
{
	struct pace *p = ask_pace(a);

	pace_leave_alone(p, for_how_long, clock_wall(), why);
	upstream_warn(a->up->registry, ask_endpoint(a)->shown, p->why.msg);
	ask_fail(a, &p->why);
}

static void failed_for_now(struct ask *a, const struct err *why)
{
	int64_t after = retry_after(a);

	if (after > PACE_PATIENCE)
		leave_alone(a, after, why);
	else
		ask_fail_for_now(a, PACE_HOST, after, why->sys == 503 ? PACE_TRIES_503 : PACE_TRIES,
				 why);
}

static void refused(struct ask *a)
{
	long status = a->call.status;
	struct err err;

	if (a->verb->otherwise && a->verb->otherwise(a)) {
		ask_again(a);
		return;
	}
	if (is_challenge(a)) {
		challenged(a);
		return;
	}
	if (a->foreign && status != 416) {
		storage_failed(a);
		return;
	}
	refusal_read(status, buf_span(&a->said), ask_header(a, "Content-Type"), &err);
	if (status == 429) {
		limited(a, &err);
	} else if (pace_is_transient(status) && err.kind != ERR_NOTFOUND) {
		failed_for_now(a, &err);
	} else {
		pace_answered(ask_pace(a));
		ask_fail(a, &err);
	}
}

static void answered(struct ask *a)
{
	struct err err;
	enum ask_end end = a->verb->end(a, &err);

	if (end != ASK_FAILED || err.kind != ERR_NET)
		pace_answered(ask_pace(a));
	ask_end_with(a, end, &err);
}

/* What the registry is reached at is how near it is, for where it may send us. */
static void learn_reach(struct ask *a)
{
	if (!a->foreign && a->call.reached > ask_endpoint(a)->reach)
		ask_endpoint(a)->reach = a->call.reached;
}

/* Whether it knew us well enough to say something about what was asked for. */
static void learn_accepted(struct ask *a)
{
	long status = a->call.status;

	if (a->repo && !a->foreign && (a->good || is_redirect(status) || status == 404))
		auth_accepted(a->repo, &a->auth);
}

/* Nobody gets any further at this host; of those it redirects to, others may do. */
static void hopeless(struct ask *a, const struct err *why)
{
	if (!a->foreign)
		pace_give_up(ask_pace(a), why);
	ask_fail(a, why);
}

static void on_done(struct http_call *c, enum http_result result, const struct err *why)
{
	struct ask *a = c->arg;
	struct err err = ERR_INIT;

	learn_reach(a);
	learn_accepted(a);
	if (why) {
		err = *why;
		name_storage(a, &err);
	}
	if (result == HTTP_FAULT)
		ask_fail_for_now(a, PACE_WAY, -1, PACE_TRIES, &err);
	else if (result == HTTP_ENDED && a->good && err.kind == ERR_NET)
		ask_fail_for_now(a, PACE_HOST, -1, PACE_TRIES, &err);
	else if (result == HTTP_REFUSED)
		hopeless(a, &err);
	else if (result == HTTP_ENDED && (a->good || c->status < 200))
		ask_fail(a, &err);
	else if (a->good)
		answered(a);
	else if (is_redirect(c->status))
		redirected(a);
	else
		refused(a);
}

void reply_expect(struct ask *a)
{
	buf_init(&a->said, LIMIT_HTTP_ERROR);
	a->call.arg = a;
	a->call.head = on_head;
	a->call.data = on_data;
	a->call.done = on_done;
}
