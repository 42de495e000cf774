#include "oci/registry/reply.h"

#include <stdio.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "oci/base/url.h"
#include "oci/http/header.h"
#include "oci/registry/error_response.h"
#include "oci/registry/http_status.h"
#include "oci/registry/request.h"

static int check_encoding(const struct request *a, struct err *err)
{
	struct span encoding = request_header(a, "Content-Encoding");

	if (!encoding.n || span_eq_nocase(encoding, "identity"))
		return 0;
	return err_set(err, ERR_INVALID, 0,
		       "answered with Content-Encoding \"%.*s\" that nobody asked for",
		       SPAN_ARG(encoding));
}

static void tell_warnings(const struct request *a)
{
	struct span value, text;
	struct err line; /* which makes it printable */

	for (size_t i = 0; (value = http_header(&a->call, "Warning", i)).p; i++) {
		text = header_warning(value);
		if (!text.p)
			continue;
		err_set(&line, ERR_NONE, 0, "%.*s", SPAN_ARG(text));
		upstream_warn(a->up->registry, request_endpoint(a)->shown, line.msg);
	}
}

/* Seconds from now that a header speaks of, or -1. */
static int64_t seconds_header(const struct request *a, const char *name)
{
	struct span value = request_header(a, name);

	return value.p ? header_retry_after(value, clock_wall()) : -1;
}

static long number_header(const struct request *a, const char *name, long *window)
{
	struct span value = request_header(a, name);
	long n, w;

	if (!value.p || !header_rate_limit(value, &n, &w))
		return -1;
	if (w >= 0)
		*window = w;
	return n;
}

static void read_quota(struct request *a)
{
	long limit, remaining, window = -1;

	limit = number_header(a, "RateLimit-Limit", &window);
	remaining = number_header(a, "RateLimit-Remaining", &window);
	if (limit >= 0 || remaining >= 0)
		throttle_quota(&request_endpoint(a)->host->throttle, limit, remaining,
			       (long)seconds_header(a, "RateLimit-Reset"), window, clock_now());
}

static int on_head(struct http_call *c, struct err *err)
{
	struct request *a = c->arg;

	if (!a->foreign) {
		read_quota(a);
		tell_warnings(a);
	}
	a->good = http_status_find(c->status)->class == HTTP_STATUS_ANSWER;
	if (!a->good)
		return 0;
	return check_encoding(a, err) < 0 ? -1 : a->verb->begin(a, err);
}

static int on_data(struct http_call *c, const char *p, size_t n, struct err *err)
{
	struct request *a = c->arg;
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

static int64_t retry_after(const struct request *a)
{
	int64_t s = seconds_header(a, "Retry-After");

	return s < 0 ? -1 : s * CLOCK_SEC;
}

static void redirected(struct request *a)
{
	struct endpoint *e = request_endpoint(a);
	struct span location = request_header(a, "Location");
	cleanup_free char *next = NULL;
	struct url from, to;
	struct err err;

	if (!location.p) {
		err_set(&err, ERR_INVALID, (int)a->call.status, "a redirect (%ld) without Location",
			a->call.status);
		request_fail(a, &err);
		return;
	}
	next = url_resolve(a->call.url, location, &err);
	if (!next || url_parse(&from, span_str(a->call.url), &err) < 0 ||
	    url_parse(&to, span_str(next), &err) < 0 ||
	    origin_may_follow(&from, e->reach, &to, &err) < 0) {
		request_fail(a, &err);
		return;
	}
	if (++a->hops > LIMIT_HTTP_REDIRECTS) {
		err_set(&err, ERR_INVALID, 0, "more than %d redirects", LIMIT_HTTP_REDIRECTS);
		request_fail(a, &err);
		return;
	}
	throttle_answered(request_throttle(a));
	if (!url_same_origin(&from, &to))
		a->foreign = true;
	if (request_throttle(a)->given_up)
		request_fail(a, &request_throttle(a)->why);
	else
		request_follow(a, take(next));
}

/* 429: used up for long, or only too fast? */
static void limited(struct request *a, const struct http_status *status, const struct err *why)
{
	struct throttle *p = &request_endpoint(a)->host->throttle;
	int64_t after = retry_after(a);
	long window;
	bool quota = number_header(a, "RateLimit-Remaining", &window) == 0 ||
		     error_response_is_quota(buf_span(&a->said));

	if (quota || after > THROTTLE_PATIENCE) {
		throttle_spent(p, a->pull, after > 0 ? clock_now() + after : 0);
		request_again(a); /* to wait for it, or to be told when to come back */
		return;
	}
	request_fail_for_now(a, status->fault, after, status->tries, why);
}

/* Puts in front of it that it was another host than the registry. */
static void name_storage(const struct request *a, struct err *err)
{
	char shown[URL_SHOWN];

	if (!a->foreign)
		return;
	url_show(a->call.url, shown);
	err_wrap(err, "redirected to %s", shown);
}

/* Where it was stored, not the registry, says no: that may be over when the registry is asked again. */
static void storage_failed(struct request *a)
{
	struct err err;

	err_set(&err, ERR_NET, (int)a->call.status, "answered %ld", a->call.status);
	name_storage(a, &err);
	request_fail_for_now(a, THROTTLE_HOST, -1, THROTTLE_TRIES_503, &err);
}

/* 401, or what some registries say instead of it when a token has expired. */
static void challenged(struct request *a)
{
	struct span challenges[8];
	size_t n = 0;
	struct err err;

	while (n < 8 && (challenges[n] = http_header(&a->call, "WWW-Authenticate", n)).p)
		n++;
	throttle_answered(request_throttle(a));
	if (auth_refused(a->repo, &a->auth, challenges, n, clock_now(), &err) == 0)
		request_let_in(a);
	else if (a->foreign)
		storage_failed(a);
	else
		request_fail(a, &err);
}

static bool is_challenge(const struct request *a)
{
	long status = a->call.status;

	if (!a->repo)
		return false;
	if (a->foreign)
		return status == 401 && request_header(a, "WWW-Authenticate").p;
	return status == 401 || auth_stale(a->repo, &a->auth, status, clock_now());
}

/* Down for so long that nobody waits for it: it is not asked again in this run. */
static void leave_alone(struct request *a, int64_t for_how_long, const struct err *why)
{
	struct throttle *p = request_throttle(a);

	throttle_leave_alone(p, for_how_long, clock_wall(), why);
	upstream_warn(a->up->registry, request_endpoint(a)->shown, p->why.msg);
	request_fail(a, &p->why);
}

static void failed_for_now(struct request *a, const struct http_status *status,
			   const struct err *why)
{
	int64_t after = retry_after(a);

	if (after > THROTTLE_PATIENCE)
		leave_alone(a, after, why);
	else
		request_fail_for_now(a, status->fault, after, status->tries, why);
}

static void refused(struct request *a)
{
	const struct http_status *status = http_status_find(a->call.status);
	struct err err;

	if (a->verb->otherwise && a->verb->otherwise(a)) {
		request_again(a);
		return;
	}
	if (is_challenge(a)) {
		challenged(a);
		return;
	}
	if (a->foreign && a->call.status != 416) {
		storage_failed(a);
		return;
	}
	error_response_read(a->call.status, buf_span(&a->said), request_header(a, "Content-Type"),
			    &err);
	if (status->fault == THROTTLE_BUSY) {
		limited(a, status, &err);
	} else if (status->class == HTTP_STATUS_TRANSIENT && err.kind != ERR_NOTFOUND) {
		failed_for_now(a, status, &err);
	} else {
		throttle_answered(request_throttle(a));
		request_fail(a, &err);
	}
}

static void answered(struct request *a)
{
	struct err err;
	enum request_end end = a->verb->end(a, &err);

	if (end != REQUEST_FAILED || err.kind != ERR_NET)
		throttle_answered(request_throttle(a));
	request_end_with(a, end, &err);
}

/* What the registry is reached at is how near it is, for where it may send us. */
static void learn_reach(struct request *a)
{
	if (!a->foreign && a->call.reached > request_endpoint(a)->reach)
		request_endpoint(a)->reach = a->call.reached;
}

/* Whether it knew us well enough to say something about what was asked for. */
static void learn_accepted(struct request *a)
{
	bool redirect = http_status_find(a->call.status)->class == HTTP_STATUS_REDIRECT;

	if (a->repo && !a->foreign && (a->good || redirect || a->call.status == 404))
		auth_accepted(a->repo, &a->auth);
}

/* Nobody gets any further at this host; of those it redirects to, others may do. */
static void hopeless(struct request *a, const struct err *why)
{
	if (!a->foreign)
		throttle_give_up(request_throttle(a), why);
	request_fail(a, why);
}

static void on_done(struct http_call *c, enum http_result result, const struct err *why)
{
	struct request *a = c->arg;
	struct err err = ERR_INIT;

	learn_reach(a);
	learn_accepted(a);
	if (why) {
		err = *why;
		name_storage(a, &err);
	}
	if (result == HTTP_FAULT)
		request_fail_for_now(a, THROTTLE_WAY, -1, THROTTLE_TRIES, &err);
	else if (result == HTTP_ENDED && a->good && err.kind == ERR_NET)
		request_fail_for_now(a, THROTTLE_HOST, -1, THROTTLE_TRIES, &err);
	else if (result == HTTP_REFUSED)
		hopeless(a, &err);
	else if (result == HTTP_ENDED && (a->good || c->status < 200))
		request_fail(a, &err);
	else if (a->good)
		answered(a);
	else if (http_status_find(c->status)->class == HTTP_STATUS_REDIRECT)
		redirected(a);
	else
		refused(a);
}

void reply_expect(struct request *a)
{
	buf_init(&a->said, LIMIT_HTTP_ERROR);
	a->call.arg = a;
	a->call.head = on_head;
	a->call.data = on_data;
	a->call.done = on_done;
}
