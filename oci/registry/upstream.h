/*
 * upstream - a registry as references name it, and its endpoints: the mirrors that mirror.conf
 * names for it, in their order, then its own.
 *
 * The base URL of an endpoint is put in front of a repository's name. "/v2/" is appended to a path
 * that does not have it, so https://quay.io and https://quay.io/v2 mean the same; a Harbor proxy
 * project is https://harbor.corp/v2/quay-proxy.
 */
#ifndef OCI_REGISTRY_UPSTREAM_H
#define OCI_REGISTRY_UPSTREAM_H

#include <stddef.h>
#include <stdint.h>

#include "oci/base/buf.h"
#include "oci/base/table.h"
#include "oci/http/http.h"
#include "oci/registry/flow.h"
#include "oci/registry/registry_types.h"
#include "oci/registry/throttle.h"

struct auth;
struct auth_repo;
struct queued;
struct token_call;

/* The inside of struct registry: shared by all upstreams of a run. */
struct registry {
	struct http *http;
	struct auth *auth;           /* NULL: everything is anonymous */
	struct auth *anonymous_auth; /* for hosts that a registry redirects to */
	struct registry_options o;
	struct upstream **upstreams;
	size_t n, cap;
	struct table by_name;
	struct table layer_hosts; /* of `urls` of foreign layers, by key */
	struct table hosts;       /* by origin, owned */
	uint64_t bytes;
	struct flow flow;
	unsigned seed;          /* of the jitter */
	unsigned long numbered; /* requests so far, those for tokens included */
	bool stopped;
	struct time_budget *charged; /* of the next request that is submitted; lent, or NULL */
	struct table warned;         /* texts that the program was told, owned */
	struct table no_referrers;   /* oci/registry/referrers_api.h; owned texts */
};

/* A token server: its throttle, and the number of requests under way to it. */
struct token_server {
	struct throttle throttle;
	long active;
};

/* One origin, shared by all endpoints at it: five registries may have their mirrors at one host. */
struct host {
	char *key; /* in `hosts` */
	struct throttle throttle;
	struct bucket bytes; /* max-rate=, also of the hosts that it redirects to */
	long active;         /* requests under way or waiting for a token */
	long silent;         /* those of them that have had no headers yet */
	struct token_server token_server;
	bool told_no_referrers; /* the program was warned: referrers_api.h */
};

/* In which list of its endpoint a request is (oci/registry/request.h). */
enum request_state {
	REQUEST_IDLE,        /* in none: not submitted yet, or ended */
	REQUEST_QUEUED,      /* starts when a slot is free */
	REQUEST_DELAYED,     /* waits for a time: after a failure, or for the quota */
	REQUEST_NEEDS_TOKEN, /* waits for a token that is being fetched */
	REQUEST_SENT,
	REQUEST_CHECKED, /* the answer is whole and is being checked, in another thread */
};
#define REQUEST_STATES (REQUEST_CHECKED + 1)

struct request_list {
	struct queued *first, *last;
};

struct endpoint {
	struct upstream *up;
	char *base;         /* "https://harbor.corp/v2/quay-proxy/" */
	char *ping;         /* "https://harbor.corp/v2/" */
	char *origin;       /* "https://harbor.corp" */
	const char *prefix; /* of repositories' names in base: "quay-proxy/" or "" */
	char *shown;        /* in messages: "quay.io", "quay.io at harbor.corp" */
	struct buf ca;
	char *cert, *key;
	struct http_tls tls;              /* lends the three above */
	struct http_tls tls_cross_origin; /* for other origins: without our certificate */
	struct host *host;
	struct throttle storage;       /* of the hosts that it redirects to */
	enum origin_zone zone;         /* of its address: it says where it may send us */
	enum origin_zone zone_allowed; /* of what sends us to it */
	bool anonymous; /* gets no credentials, even if some are known for its host */
	char *assumed;  /* of a mirror: its path, when /v2 was put behind that; or NULL */
	bool delivered; /* it has given something */
	bool is_passed; /* the program was told that the next endpoint is asked instead of it */
	struct request_list requests[REQUEST_STATES];
	struct token_call *token_calls;         /* under way or delayed */
	struct token_server other_token_server; /* of the hosts that it redirects to */
	bool tokens_arrived;                    /* requests that wait for a token may go on */
	bool blocked;         /* the next request waits for credentials, or for an answer */
	bool told_unverified; /* the program was warned of tls-verify=no */
	bool helpers_started; /* credential helpers for its host */
	bool helpers_ended;
};

struct upstream {
	struct registry *registry;
	char *name; /* "docker.io" */
	char *key;  /* in `layer_hosts`; or NULL */
	struct endpoint *endpoints;
	size_t n;
	uint64_t requests, bytes, retries;
	bool tells_time;
	int64_t seconds_ahead; /* of this machine's wall clock, by its last Date */
};

void upstream_free(struct upstream *up);

struct upstream_failure {
	bool is_given_up; /* the host that was asked: no later request asks it */
	bool is_page;     /* a web page says so, and not a registry */
};

/* A request failed at e, and goes on to the next endpoint: the program is told why, once for each
 * endpoint, and once more when its host is given up. That a mirror lacks something is normal, and
 * only told when its URL may be wrong. */
void upstream_pass(struct endpoint *e, const struct err *why, const struct upstream_failure *f);

/* Tells the program "who: text", once per text. */
void upstream_warn(struct registry *r, const char *who, const char *text);

/* Warns of tls-verify=no, once for each endpoint that is asked. */
void upstream_warn_unverified(struct endpoint *e);

/* The host of a foreign layer's URL, which a manifest from the endpoint `from` names, as an
 * upstream of its own: asked by whole URLs and without credentials. NULL when we may not be sent
 * there (oci/http/origin.h). */
struct upstream *upstream_of_layer(const struct endpoint *from, const char *url, struct err *err);

/* The authorization for a request at this endpoint: of the repository whose name is the first
 * name_length bytes of `path`. NULL: none. */
struct auth_repo *upstream_repo(const struct endpoint *e, const char *path, size_t name_length);
/* The same for a URL at another origin that a registry redirects to. No password of ours is for
 * it: storage asks for none, and another registry may give a token anonymously. */
struct auth_repo *upstream_anonymous_repo(struct registry *r, const char *url);

/* The upstream of that name, made when it is new. When it cannot be set up, all its requests fail.
 * */
struct upstream *upstream_of(struct registry *r, const char *name);

#endif
