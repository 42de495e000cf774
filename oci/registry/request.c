/*
 * The life of a request. Its state is the list of its endpoint that it is in (enum request_state);
 * each event is handled by one function of this file.
 *
 *  state        event                      function            next state
 *  -----------  -------------------------  ------------------  ------------------------------------
 *  QUEUED       a slot is free             start_request       SENT; NEEDS_TOKEN; end: all there
 *  QUEUED       the quota is used up       request_pump        fail
 *  NEEDS_TOKEN  tokens have arrived        authorize_waiting   SENT; NEEDS_TOKEN; fail: no token
 *  SENT         200, 206                   on_answer           end; CHECKED; QUEUED: the next page
 *  SENT         301, 302, 303, 307, 308    on_redirect         SENT; NEEDS_TOKEN; fail: not allowed
 *  SENT         401, a token has expired   on_challenge        SENT; NEEDS_TOKEN; fail: final
 *  SENT         429                        on_refusal          DELAYED; QUEUED: no quota is left
 *  SENT         another transient status   on_refusal          DELAYED; fail: Retry-After too long
 *  SENT         any other status           on_refusal          fail; QUEUED: another method
 *  SENT         the network fails, or a    on_fault            DELAYED; fail: tried often enough
 *                 limit of time is exceeded
 *  SENT         TLS or address refused     on_hopeless         fail, and the host is given up
 *  CHECKED      a turn of the loop         finish_checked      end; CHECKED; QUEUED: fetch it anew
 *  DELAYED      its time has come          request_queue_wake  QUEUED, in front
 *    or QUEUED  the host was given up      request_pump        fail
 *  any          the run is stopped         request_stop        fail
 *
 * "end" is attempt_succeed(): the verb reports the outcome. "fail" is attempt_fail(): the request
 * goes to the queue of the upstream's next endpoint, and ends with the error where there is none.
 */
#include "oci/registry/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "oci/base/url.h"
#include "oci/registry/attempt.h"
#include "oci/registry/advice.h"
#include "oci/registry/error_response.h"
#include "oci/registry/http_status.h"
#include "oci/registry/response.h"
#include "oci/registry/token_fetch.h"

static struct request *request_of(struct queued *q)
{
	return (struct request *)q;
}

struct span request_header(const struct request *r, const char *name)
{
	return http_header(&r->call, name, 0);
}

/* Once more from the beginning, as the next of its endpoint. */
static void send_anew(struct request *r)
{
	attempt_progress(r);
	request_queue_move_first(&r->queued);
}

/* What the verb's finish_answer() gave. */
static void take_result(struct request *r, enum request_result result, const struct err *err)
{
	switch (result) {
	case REQUEST_WAIT:
		if (r->queued.state != REQUEST_CHECKED)
			request_queue_move(&r->queued, REQUEST_CHECKED);
		return;
	case REQUEST_DONE: attempt_succeed(r); return;
	case REQUEST_AGAIN: send_anew(r); return;
	case REQUEST_FAILED: break;
	}
	if (err->kind == ERR_NET)
		attempt_again(r, THROTTLE_NETWORK, -1, THROTTLE_TRIES, err);
	else
		attempt_fail(r, err);
}

/*
 * Sending.
 */

/* Takes url. */
static void send_to(struct request *r, char *url)
{
	struct endpoint *e = r->queued.endpoint;

	free(r->url);
	r->url = url;
	r->is_answer = r->is_page = false;
	r->encoding[0] = '\0';
	buf_clear(&r->error_body);
	r->call.method = r->method;
	r->call.url = r->url;
	r->call.accept = r->accept;
	r->call.authorization = r->repo ? auth_header(r->repo) : NULL;
	r->call.from = r->from;
	r->call.tls = r->cross_origin ? &e->tls_cross_origin : &e->tls;
	r->call.zone = r->hops ? e->zone : e->zone_allowed;
	r->call.seconds = r->verb->seconds;
	r->call.budget = r->budget;
	r->call.attempt = r->tries + 1;
	r->call.pace = r->verb->seconds ? NULL : &r->pace;
	r->round = attempt_throttle(r)->round;
	r->sent_at = clock_now();
	flow_begin(&r->reader, &r->call, &e->host->bytes);
	if (!r->cross_origin) {
		throttle_sent(&e->host->throttle, r->sent_at);
		upstream_warn_unverified(e);
		r->requests++;
		r->up->requests++;
	}
	http_send(r->up->registry->http, &r->call);
}

/* Sends it with the authorization there is: where a redirect led, or to the registry. */
static void send_request(struct request *r)
{
	struct endpoint *e = r->queued.endpoint;
	char *url = r->cross_origin ? take(r->url)
		    : r->page_url   ? xstrdup(r->page_url)
				    : xasprintf("%s%s", e->base, r->path);

	if (r->queued.state != REQUEST_SENT)
		request_queue_move(&r->queued, REQUEST_SENT);
	if (!r->cross_origin)
		r->hops = 0;
	send_to(r, url);
}

static enum token_fetch_result fetch_token(struct request *r, struct err *err)
{
	struct endpoint *e = r->queued.endpoint;
	cleanup_free char *ping =
		r->cross_origin ? url_resolve(r->url, span_str("/v2/"), err) : NULL;
	const struct token_waiter waiter = {
		.repo = r->repo,
		.try = &r->auth,
		.base = r->cross_origin ? r->url : e->base,
		.ping = r->cross_origin ? ping : e->ping,
		.cross_origin = r->cross_origin,
		.requests = &r->requests,
	};

	return token_fetch_ask(e, &waiter, err);
}

/* Sends the request, if need be when there is a token for it. */
static void authorize_request(struct request *r)
{
	struct err err;

	switch (r->repo ? fetch_token(r, &err) : TOKEN_FETCH_GO) {
	case TOKEN_FETCH_GO: send_request(r); break;
	case TOKEN_FETCH_WAIT: request_queue_move(&r->queued, REQUEST_NEEDS_TOKEN); break;
	case TOKEN_FETCH_REFUSED: attempt_fail(r, &err); break;
	}
}

/* Nothing is sent when an earlier run left everything there is. */
static enum request_result prepare_request(struct request *r, struct err *err)
{
	enum request_result result;

	do {
		result = r->verb->prepare_answer(r, err);
		if (result != REQUEST_DONE)
			return result;
		result = r->verb->finish_answer(r, err);
	} while (result == REQUEST_AGAIN);
	return result;
}

/* A retry begins at the registry again, even after a redirect: a signed URL may have expired. A
 * next page begins where the page before came from. */
static void begin_attempt(struct request *r)
{
	if (r->cross_origin)
		r->auth = (struct auth_try){ 0 };
	r->cross_origin = r->page_url && r->page_elsewhere;
	if (r->cross_origin) {
		free(r->url);
		r->url = xstrdup(r->page_url);
		r->hops = 1;
		r->repo = upstream_anonymous_repo(r->up->registry, r->url);
	} else {
		r->repo = upstream_repo(r->queued.endpoint, r->path, r->name_length);
	}
	authorize_request(r);
}

static void start_request(struct request *r)
{
	struct err err;

	switch (prepare_request(r, &err)) {
	case REQUEST_FAILED: attempt_fail(r, &err); break;
	case REQUEST_DONE: attempt_succeed(r); break;
	case REQUEST_WAIT: request_queue_move(&r->queued, REQUEST_CHECKED); break;
	case REQUEST_AGAIN:
		request_queue_move(&r->queued, REQUEST_SENT);
		begin_attempt(r);
		break;
	}
}

/*
 * Responses: redirects.
 */

/* Takes url, which a redirect named. */
static void follow_redirect(struct request *r, char *url)
{
	if (!r->cross_origin) {
		send_to(r, url);
		return;
	}
	free(r->url);
	r->url = url;
	r->repo = upstream_anonymous_repo(r->up->registry, r->url);
	r->auth = (struct auth_try){ 0 };
	authorize_request(r);
}

static void on_redirect(struct request *r)
{
	bool cross_origin = false;
	struct err err;
	cleanup_free char *target = response_redirect(&r->call, r->queued.endpoint->zone, ++r->hops,
						      &cross_origin, &err);

	if (!target) {
		attempt_fail(r, &err);
		return;
	}
	throttle_answered(attempt_throttle(r));
	r->cross_origin |= cross_origin;
	if (attempt_throttle(r)->given_up)
		attempt_fail(r, &attempt_throttle(r)->why);
	else
		follow_redirect(r, take(target));
}

/*
 * Responses: errors.
 */

/* The storage that the registry redirects to refused: the registry may name another URL next time.
 * */
static void on_storage_error(struct request *r)
{
	struct err err;

	err_set(&err, ERR_NET, (int)r->call.status, "answered %ld", r->call.status);
	response_name_host(&r->call, &err);
	attempt_again(r, THROTTLE_HOST, -1, THROTTLE_TRIES_503, &err);
}

/* Some registries answer 400 or 403 when a token has expired. */
static bool is_challenge(const struct request *r)
{
	long status = r->call.status;

	if (!r->repo)
		return false;
	if (r->cross_origin)
		return status == 401 && request_header(r, "WWW-Authenticate").p;
	return status == 401 || auth_stale(r->repo, &r->auth, status, clock_now());
}

static void on_challenge(struct request *r)
{
	struct span challenges[RESPONSE_CHALLENGES];
	size_t n = response_challenges(&r->call, challenges);
	struct err err;

	throttle_answered(attempt_throttle(r));
	if (auth_refused(r->repo, &r->auth, challenges, n, clock_now(), &err) == 0)
		authorize_request(r);
	else if (r->cross_origin)
		on_storage_error(r);
	else
		attempt_fail(r, &err);
}

/* Retry-After is longer than this run waits: the host is not asked again in this run. */
static void leave_host_alone(struct request *r, int64_t after, const struct err *why)
{
	struct throttle *t = attempt_throttle(r);

	throttle_leave_alone(t, after, clock_wall(), why);
	attempt_tell_given_up(r);
	attempt_fail(r, &t->why);
}

/* A response that is neither an answer nor a redirect. */
static void on_refusal(struct request *r)
{
	struct error_response e;

	if (r->verb->change_after_refusal && r->verb->change_after_refusal(r)) {
		send_anew(r);
		return;
	}
	if (is_challenge(r)) {
		on_challenge(r);
		return;
	}
	if (r->cross_origin && r->call.status != 416 && !r->verb->is_answered_elsewhere) {
		on_storage_error(r);
		return;
	}
	error_response_judge(&e, &r->call, buf_span(&r->error_body));
	r->is_page = e.is_page;
	switch (e.remedy) {
	case ERROR_RESPONSE_RETRY:
		attempt_again(r, e.status->fault, e.after, e.status->tries, &e.err);
		break;
	case ERROR_RESPONSE_LEAVE_HOST: leave_host_alone(r, e.after, &e.err); break;
	case ERROR_RESPONSE_AWAIT_QUOTA:
		/* request_queue_next() delays it, or refuses it and names the time to come back */
		throttle_spent(&r->queued.endpoint->host->throttle, r->queued.pull,
			       e.after > 0 ? clock_now() + e.after : 0);
		send_anew(r);
		break;
	case ERROR_RESPONSE_FINAL:
		throttle_answered(attempt_throttle(r));
		attempt_fail(r, &e.err);
		break;
	}
}

/* No request to this host can succeed. Of the hosts that it redirects to, others may. */
static void on_hopeless(struct request *r, const struct err *why)
{
	if (!r->cross_origin)
		throttle_give_up(attempt_throttle(r), why);
	attempt_fail(r, why);
}

/*
 * Responses: as http_turn() hands them over.
 */

static int on_head(struct http_call *c, struct err *err)
{
	struct request *r = c->arg;
	enum http_status_class class = http_status_find(c->status)->class;

	if (class != HTTP_STATUS_TRANSIENT) {
		throttle_heard(attempt_throttle(r));
		request_queue_heard(&r->queued);
	}
	if (!r->cross_origin) {
		response_read_quota(c, &r->queued.endpoint->host->throttle);
		response_tell_warnings(c, r->queued.endpoint);
		response_read_date(c, r->up);
	}
	r->is_answer = class == HTTP_STATUS_ANSWER;
	if (!r->is_answer)
		return 0;
	response_read_encoding(c, r->encoding);
	return r->verb->take_headers(r, err);
}

static int on_body(struct http_call *c, const char *p, size_t n, struct err *err)
{
	struct request *r = c->arg;
	size_t left = r->error_body.max - r->error_body.n;

	r->bytes += r->is_answer ? n : 0;
	r->up->bytes += n;
	r->up->registry->bytes += n;
	flow_take(&r->up->registry->flow, &r->reader, n, clock_now());
	if (r->is_answer)
		return r->verb->take_body(r, p, n, err);
	buf_add(&r->error_body, p, n < left ? n : left);
	/* only the beginning is quoted; the rest is not read, however long it is */
	return n <= left ? 0 : err_set(err, ERR_INVALID, 0, "endless error page");
}

/* What an error says is known from its status. */
static bool on_question(struct http_call *c)
{
	const struct request *r = c->arg;

	return !r->is_answer || r->verb->is_complete(r);
}

static void on_answer(struct request *r)
{
	struct err err;
	enum request_result result = r->verb->finish_answer(r, &err);

	r->queued.endpoint->delivered |= result != REQUEST_FAILED;
	if (result != REQUEST_FAILED || err.kind != ERR_NET)
		throttle_answered(attempt_throttle(r));
	take_result(r, result, &err);
}

/* What the response says about the registry, whatever becomes of the request: where it stands,
 * which decides where it may send us, and that it accepted our credentials. */
static void learn_from_response(struct request *r)
{
	struct endpoint *e = r->queued.endpoint;
	bool redirect = http_status_find(r->call.status)->class == HTTP_STATUS_REDIRECT;

	if (r->cross_origin)
		return;
	if (r->call.zone_reached > e->zone)
		e->zone = r->call.zone_reached;
	if (r->repo && (r->is_answer || redirect || r->call.status == 404))
		auth_accepted(r->repo, &r->auth);
}

static void on_response(struct request *r)
{
	switch (http_status_find(r->call.status)->class) {
	case HTTP_STATUS_ANSWER: on_answer(r); break;
	case HTTP_STATUS_REDIRECT: on_redirect(r); break;
	case HTTP_STATUS_TRANSIENT:
	case HTTP_STATUS_FINAL: on_refusal(r); break;
	}
}

/* The verb, or on_body(), ended the response early. */
static void on_broken_off(struct request *r, const struct err *why)
{
	if (r->is_answer && why->kind == ERR_NET)
		attempt_again(r, THROTTLE_HOST, -1, THROTTLE_TRIES, why);
	else if (r->is_answer || r->call.status < 200)
		attempt_fail(r, why);
	else
		on_response(r);
}

/* A blob that has been too slow for THROTTLE_TRIES windows in a row fails, although it has moved
 * on in each of them: otherwise two bytes a second would hold a run for ever. */
static void on_fault(struct request *r, const struct err *why)
{
	bool slow = r->pace.slow >= THROTTLE_TRIES;

	attempt_again(r, r->call.connected ? THROTTLE_NETWORK : THROTTLE_UNREACHED, -1,
		      slow ? 1 : THROTTLE_TRIES, why);
}

static void on_call_done(struct http_call *c, enum http_result result, const struct err *why)
{
	struct request *r = c->arg;
	struct err err = ERR_INIT;

	flow_end(&r->up->registry->flow, &r->reader, clock_now());
	if (auth_came_back(&r->auth))
		token_fetch_wake(r->up->registry);
	learn_from_response(r);
	if (why) {
		err = *why;
		advice_add(r->queued.endpoint, c, r->cross_origin, &err);
		if (r->cross_origin)
			response_name_host(&r->call, &err);
	}
	switch (result) {
	case HTTP_DONE: on_response(r); break;
	case HTTP_FAULT: on_fault(r, &err); break;
	case HTTP_REFUSED: on_hopeless(r, &err); break;
	case HTTP_ENDED: on_broken_off(r, &err); break;
	}
}

/*
 * From outside: the verbs, and the loop.
 */

void request_submit(struct upstream *up, struct request *r)
{
	if (!r->call.done) {
		buf_init(&r->error_body, LIMIT_HTTP_ERROR);
		r->call.arg = r;
		r->call.head = on_head;
		r->call.data = on_body;
		r->call.is_enough = on_question;
		r->call.done = on_call_done;
	}
	if (up->registry->charged)
		r->budget = up->registry->charged;
	up->registry->charged = NULL;
	r->up = up;
	r->queued.number = ++up->registry->numbered;
	r->endpoint_index = 0;
	attempt_enter(r);
}

void request_release(struct request *r)
{
	free(r->path);
	free(r->url);
	buf_release(&r->error_body);
}

static void fail_all(struct endpoint *e, enum request_state state, const struct err *why)
{
	while (e->requests[state].first)
		attempt_fail(request_of(e->requests[state].first), why);
}

/* Tokens have arrived, or could not be had. */
static void authorize_waiting(struct queued *q)
{
	authorize_request(request_of(q));
}

static void finish_checked(struct queued *q)
{
	struct request *r = request_of(q);
	struct err err;

	take_result(r, r->verb->finish_answer(r, &err), &err);
}

void request_pump(struct endpoint *e, int64_t now)
{
	const struct throttle *t = &e->host->throttle;
	struct err refused;
	struct queued *q;

	token_fetch_pump(e, now);
	if (e->tokens_arrived) {
		e->tokens_arrived = false;
		request_queue_each(e, REQUEST_NEEDS_TOKEN, authorize_waiting);
	}
	request_queue_each(e, REQUEST_CHECKED, finish_checked);
	request_queue_wake(e, now);
	if (t->given_up) {
		fail_all(e, REQUEST_QUEUED, &t->why);
		fail_all(e, REQUEST_DELAYED, &t->why);
	}
	while ((q = request_queue_next(e, now, &refused))) {
		if (refused.kind == ERR_NONE)
			start_request(request_of(q));
		else
			attempt_fail(request_of(q), &refused);
	}
}

void request_stop(struct endpoint *e, const struct err *err)
{
	token_fetch_stop(e);
	for (struct queued *q = e->requests[REQUEST_SENT].first; q; q = q->next) {
		flow_end(&e->up->registry->flow, &request_of(q)->reader, clock_now());
		http_cancel(e->up->registry->http, &request_of(q)->call);
	}
	fail_all(e, REQUEST_SENT, err);
	fail_all(e, REQUEST_CHECKED, err);
	fail_all(e, REQUEST_NEEDS_TOKEN, err);
	fail_all(e, REQUEST_DELAYED, err);
	fail_all(e, REQUEST_QUEUED, err);
}
