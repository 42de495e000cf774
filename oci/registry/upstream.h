/*
 * upstream - a registry as references name it, and the endpoints where it is really asked: the mirrors that
 * mirror.conf names for it, in their order, then its own.
 *
 * An endpoint's base URL is what stands before the repository's name. "/v2/" is put behind a path that does not
 * have it, so these are alike: https://quay.io, https://quay.io/v2; and a Harbor proxy project is
 * https://harbor.corp/v2/quay-proxy.
 */
#ifndef OCI_REGISTRY_UPSTREAM_H
#define OCI_REGISTRY_UPSTREAM_H

#include <stddef.h>
#include <stdint.h>

#include "oci/base/buf.h"
#include "oci/base/table.h"
#include "oci/http/http.h"
#include "oci/registry/registry_types.h"
#include "oci/registry/throttle.h"

struct request;
struct auth;
struct grant_call;

/* What all upstreams of a run share: struct registry from inside. */
struct registry {
	struct http *http;
	struct auth *auth; /* NULL: everything is anonymous */
	struct auth
		*guests; /* at hosts that a registry redirects to, where our passwords do not go */
	struct registry_options o;
	struct upstream **upstreams;
	size_t n, cap;
	struct table by_name;
	struct table elsewhere; /* by key; no names of registries */
	struct table hosts;     /* by origin, owned */
	uint64_t bytes;
	unsigned seed; /* of the jitter */
	bool stopped;
	struct table warned; /* texts, owned */
};

/* A token server: its throttle, and how many requests are under way to it. */
struct token_server {
	struct throttle throttle;
	long active;
};

/* What is asked under one origin, by whatever names: five registries may have their mirrors at one host. */
struct host {
	char *key; /* in `hosts` */
	struct throttle throttle;
	long active; /* requests under way or waiting for a token */
	struct token_server grantor;
};

struct request_list {
	struct request *first, *last;
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
	struct http_tls tls;        /* lends the three above */
	struct http_tls tls_abroad; /* for where it sends us: without our certificate */
	struct host *host;
	struct throttle storage;   /* of where it redirects to */
	enum origin_reach reach;   /* how near it is: where it may send us */
	enum origin_reach allowed; /* how near it may be */
	bool anonymous; /* no registry: gets no credentials, whatever is known for its host */
	struct request_list queue, later, waiting, sent, ending;
	struct grant_call *grants;     /* tokens asked for */
	struct token_server elsewhere; /* who gives those for where it redirects to */
	bool granted;                  /* some have come: who waits may go on */
	bool held;                     /* what is next waits for what is under way */
	bool helped;                   /* credential helpers have been started */
	bool known;                    /* and have said what they know */
};

struct upstream {
	struct registry *registry;
	char *name; /* "docker.io" */
	char *key;  /* in `elsewhere`; or NULL */
	struct endpoint *endpoints;
	size_t n;
	uint64_t requests, bytes, retries;
};

void upstream_free(struct upstream *up);

/* Tells the program, once per text. */
void upstream_warn(struct registry *r, const char *who, const char *text);

/* A place that the answer of a registry's endpoint names, as if it were an upstream of its own: asked by whole URLs and
 * without credentials. NULL when we may not be sent there (oci/http/origin.h). */
struct upstream *upstream_elsewhere(const struct endpoint *from, const char *url, struct err *err);

/* The upstream of that name, made when it is new. One that can't be set up fails whatever is asked of it. */
struct upstream *upstream_of(struct registry *r, const char *name);

#endif
