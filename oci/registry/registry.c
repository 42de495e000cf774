#include "oci/registry/registry.h"

#include <stdlib.h>

#include "oci/auth/auth.h"
#include "oci/auth/keychain.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "oci/lists/mirror_conf.h"
#include "oci/registry/probe_blob.h"
#include "oci/registry/pull_blob.h"
#include "oci/registry/pull_manifest.h"
#include "oci/registry/pull_referrers.h"
#include "oci/registry/pull_tags.h"
#include "oci/registry/request.h"
#include "oci/registry/upstream.h"

/* All registry lines are read first, so that a mistake in one stops a run before it begins. */
static int set_up_hosts(struct registry *r, struct err *err)
{
	const struct mirror_conf *conf = r->o.conf;

	for (size_t i = 0; conf && i < conf->nregistries; i++) {
		const struct upstream *up = upstream_of(r, conf->registries[i].host);

		if (up->endpoints[0].host->throttle.given_up) {
			*err = up->endpoints[0].host->throttle.why;
			return -1;
		}
	}
	return 0;
}

static const struct unit_rate *lower(const struct unit_rate *a, const struct unit_rate *b)
{
	if (a->amount <= 0 || b->amount <= 0)
		return a->amount > 0 ? a : b;
	return a->amount / a->seconds < b->amount / b->seconds ? a : b;
}

/* The pieces that are read at once are small enough for the lowest of all rates. */
static void set_up_flow(struct registry *r)
{
	const struct mirror_conf *conf = r->o.conf;
	const struct unit_rate *lowest = &r->o.max_rate;

	flow_init(&r->flow, &r->o.max_rate, http_hold);
	for (size_t i = 0; conf && i < conf->nregistries; i++)
		lowest = lower(lowest, &conf->registries[i].max_rate);
	r->flow.piece = r->o.net.read_size = flow_piece(lowest);
}

struct registry *registry_new(const struct registry_options *o, struct err *err)
{
	struct registry *r = xcalloc(1, sizeof(*r));

	r->o = *o;
	set_up_flow(r);
	r->seed = (unsigned)clock_now();
	r->auth = auth_new(o->keychain);
	r->anonymous_auth = auth_new(NULL);
	r->http = http_new(&r->o.net, err);
	if (!r->http || set_up_hosts(r, err) < 0) {
		registry_free(r);
		return NULL;
	}
	return r;
}

/* Calls each endpoint of each upstream; upstreams may be added meanwhile. */
#define EACH_ENDPOINT(r, e)                                                                        \
	for (size_t up_ = 0; up_ < (r)->n; up_++)                                                  \
		for (struct endpoint *e = (r)->upstreams[up_]->endpoints;                          \
		     e < (r)->upstreams[up_]->endpoints + (r)->upstreams[up_]->n; e++)

static void stop_all(struct registry *r)
{
	struct err err;

	err_set(&err, ERR_NET, 0, "interrupted");
	EACH_ENDPOINT(r, e)
	request_stop(e, &err);
}

static bool has_requests(const struct registry *r)
{
	EACH_ENDPOINT(r, e)
	if (request_queue_pending(e))
		return true;
	return false;
}

/* Ends all requests, and those that callbacks submit meanwhile. */
static void end_all(struct registry *r)
{
	r->stopped = true;
	do
		stop_all(r);
	while (has_requests(r));
}

static void free_host(void *host)
{
	struct host *h = host;

	free(h->key);
	free(h);
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	end_all(r);
	http_free(r->http);
	auth_free(r->auth);
	auth_free(r->anonymous_auth);
	table_clear(&r->warned, free);
	table_clear(&r->no_referrers, free);
	for (size_t i = 0; i < r->n; i++)
		upstream_free(r->upstreams[i]);
	free(r->upstreams);
	table_release(&r->by_name);
	table_release(&r->layer_hosts);
	table_clear(&r->hosts, free_host);
	free(r);
}

/* Starts the requests that may start; gives how many milliseconds the loop may sleep then. */
static int pump_endpoints(struct registry *r, int timeout_ms)
{
	int64_t now = clock_now(), wake;

	flow_pump(&r->flow, now);
	EACH_ENDPOINT(r, e)
	request_pump(e, now);
	wake = flow_wakes_at(&r->flow);
	/* after all were pumped: a request that ends at one endpoint may start another elsewhere */
	EACH_ENDPOINT(r, e)
	{
		int64_t at = request_queue_wakes_at(e);

		wake = at < wake ? at : wake;
	}
	if (wake == INT64_MAX || wake - now > timeout_ms * CLOCK_MS)
		return timeout_ms;
	return wake > now ? (int)((wake - now) / CLOCK_MS) + 1 : 0;
}

int registry_run(struct registry *r, bool (*until)(void *arg), void *arg, int timeout_ms,
		 struct err *err)
{
	while (!until || !until(arg)) {
		int others[HTTP_OTHERS], wait;
		size_t n;

		if (r->stopped)
			stop_all(r);
		wait = pump_endpoints(r, timeout_ms);
		if (!has_requests(r))
			return 0;
		n = r->o.keychain ? keychain_watch(r->o.keychain, others, HTTP_OTHERS) : 0;
		if (http_turn(r->http, others, n, wait, err) < 0) {
			end_all(r);
			return -1;
		}
	}
	return 0;
}

void registry_stop(struct registry *r)
{
	r->stopped = true;
}

void registry_charge(struct registry *r, struct time_budget *b)
{
	r->charged = b;
}

void registry_head(struct registry *r, const struct ref *ref, registry_manifest_done *done,
		   void *arg)
{
	pull_head(upstream_of(r, ref->host), ref, done, arg);
}

void registry_tag(struct registry *r, const struct ref *ref, registry_manifest_done *done,
		  void *arg)
{
	pull_tag(upstream_of(r, ref->host), ref, done, arg);
}

void registry_manifest(struct registry *r, const struct ref *ref, const struct digest *d,
		       registry_manifest_done *done, void *arg)
{
	pull_manifest(upstream_of(r, ref->host), ref, d, done, arg);
}

void registry_has_blob(struct registry *r, const struct ref *ref, const struct digest *d,
		       int64_t size, registry_blob_done *done, void *arg)
{
	probe_blob(upstream_of(r, ref->host), ref, d, size, done, arg);
}

void registry_blob(struct registry *r, const struct ref *ref, const struct registry_wanted *wanted,
		   struct layout *into, registry_blob_done *done, void *arg)
{
	pull_blob(upstream_of(r, ref->host), ref, wanted, into, done, arg);
}

void registry_tags(struct registry *r, const struct ref *ref, registry_tags_done *done, void *arg)
{
	pull_tags(upstream_of(r, ref->host), ref, LIMIT_TAG_PAGES, done, arg);
}

void registry_tags_within(struct registry *r, const struct ref *ref, size_t pages,
			  registry_tags_done *done, void *arg)
{
	pull_tags(upstream_of(r, ref->host), ref, pages, done, arg);
}

void registry_referrers(struct registry *r, const struct ref *ref, const struct digest *subject,
			registry_referrers_done *done, void *arg)
{
	pull_referrers(upstream_of(r, ref->host), ref, subject, done, arg);
}

void registry_set_no_referrers(struct registry *r, const char *key)
{
	char *copy = xstrdup(key);

	free(table_put(&r->no_referrers, copy, copy));
}

void registry_each_no_referrers(const struct registry *r, void (*each)(void *arg, const char *key),
				void *arg)
{
	const char *key;
	size_t at = 0;

	while ((key = table_next(&r->no_referrers, &at)))
		if (!span_ends(span_str(key), " "))
			each(arg, key);
}

static time_t quota_until(const struct throttle *p)
{
	int64_t left = p->quota_until - clock_now();

	return left > 0 ? clock_wall() + (time_t)(left / CLOCK_SEC) : 0;
}

size_t registry_stats(const struct registry *r, struct registry_host_stats *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n && n < max; i++) {
		const struct upstream *up = r->upstreams[i];
		const struct throttle *p = &up->endpoints[up->n - 1].host->throttle;

		if (!up->requests)
			continue;
		out[n++] = (struct registry_host_stats){
			.host = up->name,
			.requests = up->requests,
			.bytes = up->bytes,
			.retries = up->retries,
			.quota_limit = p->limit,
			.quota_remaining = p->remaining,
			.quota_until = quota_until(p),
		};
	}
	return n;
}

#define CLOCK_TOLERANCE 300

bool registry_clock_differs(const struct registry *r, int64_t *ahead)
{
	size_t known = 0, differ = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct upstream *up = r->upstreams[i];

		known += up->tells_time;
		if (!up->tells_time || llabs(up->seconds_ahead) <= CLOCK_TOLERANCE)
			continue;
		if (!differ++)
			*ahead = up->seconds_ahead;
	}
	return differ * 2 > known;
}

uint64_t registry_bytes(const struct registry *r)
{
	return r->bytes;
}
