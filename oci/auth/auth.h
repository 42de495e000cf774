/*
 * auth - how to be let in: what to send with a request, and what to do when it is refused.
 *
 * Decisions only; the caller makes the requests. One `struct auth` for a run, one `struct auth_repo` for a
 * repository at an origin (shared by all requests to it), one `struct auth_try` in each request:
 *
 *	again:
 *		switch (auth_next(repo, &req->try, now, &err)) {
 *		case AUTH_FAIL:	 end the request with err
 *		case AUTH_SEND:	 send it, with auth_header(repo) as Authorization unless that is NULL
 *		case AUTH_TOKEN: send what auth_token_request() says, then hand the answer to
 *				 auth_token_answer() (or auth_token_failed()), then `again` for this request
 *				 and for all that wait
 *		case AUTH_WAIT:	 somebody has been told AUTH_TOKEN for the same token: wait for that
 *		case AUTH_PING:	 GET <origin>/v2/ without Authorization, hand its status and challenges to
 *				 auth_pinged(), then `again` (for those told AUTH_WAIT as well)
 *		}
 *	answered 401 (or 400, 403 with auth_stale()):
 *		auth_refused(...) < 0 ? end the request with err : again
 *	answered with what was asked for, a redirect, or 404:
 *		auth_accepted(...)
 *
 * Rules kept here: Basic only goes to the origin that asked for it; a token only to the origin and repository
 * it was asked for; one token request for each (realm, service, scope, user) however many wait; a refusal that
 * repeats with fresh credentials is final; a password that is refused time and again is sent no more, since
 * registries lock accounts. Kept by the caller: Authorization is dropped when a
 * redirect leaves the origin, and a realm must pass the caller's rule for foreign URLs before anything is
 * sent there.
 */
#ifndef OCI_AUTH_AUTH_H
#define OCI_AUTH_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"

struct auth;
struct auth_repo;
struct keychain;
struct err;

/* keychain is lent, and may be NULL: everything anonymous. */
struct auth *auth_new(struct keychain *keychain);
void auth_free(struct auth *a);

/*
 * The repository `path` ("library/alpine", as it stands in the URL between /v2/ and /manifests/; "" for none)
 * at `origin` ("https://registry-1.docker.io", "http://127.0.0.1:5000": scheme, host, and the port unless it is
 * the scheme's). The same words give the same pointer, good as long as `a`.
 */
struct auth_repo *auth_repo(struct auth *a, const char *origin, const char *path);

struct cached_token;

/* What one request has been through. Start with zeroes; the members are this module's. */
struct auth_try {
	unsigned refusals;           /* 401s so far */
	unsigned serial;             /* of the credentials it was last sent with; 0: none */
	bool asked;                  /* for a token, or waited for one */
	struct cached_token *asking; /* between AUTH_TOKEN and the answer */
};

enum auth_step { AUTH_FAIL = -1, AUTH_SEND, AUTH_TOKEN, AUTH_WAIT, AUTH_PING };

/* `now` is clock_now(). */
enum auth_step auth_next(struct auth_repo *r, struct auth_try *t, int64_t now, struct err *err);

/* "Basic ..." or "Bearer ...", lent until the next call for this repository; NULL: none. */
const char *auth_header(const struct auth_repo *r);

/* A request was answered with 401 (or is auth_stale()), with these values of WWW-Authenticate. 0: ask auth_next()
 * again; -1: that was final. */
int auth_refused(struct auth_repo *r, struct auth_try *t, const struct span *challenges, size_t n,
		 int64_t now, struct err *err);

/* A request was let in: a password that went along with it is good. */
void auth_accepted(struct auth_repo *r, const struct auth_try *t);

/* Whether a 400 or 403 may only mean that the token sent has expired: then call auth_refused(). */
bool auth_stale(const struct auth_repo *r, const struct auth_try *t, long status, int64_t now);

/* What the GET of /v2/ said, or 0 for a status when it could not be asked. */
void auth_pinged(struct auth_repo *r, long status, const struct span *challenges, size_t n);

/* The request for a token, for the try that was told AUTH_TOKEN. Lent until auth_token_answer() or auth_token_failed(). */
struct auth_request {
	const char *url;  /* resolve it against the URL of the request: a realm may be relative */
	const char *form; /* NULL: GET. Else POST this, application/x-www-form-urlencoded */
	const char *authorization; /* or NULL */
};

int auth_token_request(struct auth_try *t, struct auth_request *q, struct err *err);
/* Exactly one of these two follows, also when the run is stopped, since others wait for it.
 * The answer, whatever its status; what is wrong with it is told to each that waits by auth_next(). */
void auth_token_answer(struct auth_repo *r, struct auth_try *t, long status, struct span body,
		       int64_t now);
/* No answer, with the reason. NET and LIMIT are forgotten after a while, others stay. */
void auth_token_failed(struct auth_try *t, const struct err *why, int64_t now);

#endif
