/*
 * token_fetch - fetches tokens for the requests that wait for them: oci/auth/auth.h decides, this
 * sends.
 *
 * One call to a token server, however many requests wait for the token; when it has ended, all of
 * them ask again. A registry names its token server, which may be another host: oci/http/origin.h
 * says which hosts are allowed, and a redirect to another origin is followed only without
 * credentials.
 */
#ifndef OCI_REGISTRY_TOKEN_FETCH_H
#define OCI_REGISTRY_TOKEN_FETCH_H

#include <stdbool.h>
#include <stdint.h>

struct auth_repo;
struct auth_try;
struct endpoint;
struct err;
struct registry;

enum token_fetch_result {
	TOKEN_FETCH_REFUSED = -1,
	TOKEN_FETCH_GO,   /* send the request, with auth_header() */
	TOKEN_FETCH_WAIT, /* until the endpoint's tokens_arrived is set, then ask again */
};

/* A request that needs authorization. */
struct token_waiter {
	struct auth_repo *repo;
	struct auth_try *try;
	const char *base;   /* the URL that a relative realm is resolved against */
	const char *ping;   /* the URL of /v2/ */
	bool cross_origin;  /* another origin than the endpoint's */
	unsigned *requests; /* counts a request to the registry for its challenge */
};

/* Whether a request may be sent now; starts the call that it needs first. repo and try are lent
 * until the request has been sent, refused or stopped, the rest for the call. */
enum token_fetch_result token_fetch_ask(struct endpoint *e, const struct token_waiter *waiter,
					struct err *err);

/* Requests that wait go on, at all endpoints: those that lead to one origin share its tokens. */
void token_fetch_wake(const struct registry *r);

/* Sends the calls of an endpoint whose time has come. */
void token_fetch_pump(struct endpoint *e, int64_t now);
/* When the next of them may be sent (clock_now()); INT64_MAX: none waits for a time. */
int64_t token_fetch_wakes_at(const struct endpoint *e);
/* Gives up all calls of an endpoint. */
void token_fetch_stop(struct endpoint *e);

#endif
