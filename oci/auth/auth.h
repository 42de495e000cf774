/*
 * auth - the authentication state machine; performs no I/O. It decides what authorization a
 * request is sent with, and what to do when the registry refuses it.
 *
 * The caller makes the requests. There is one `struct auth` for a run, one `struct auth_repo` for
 * a repository at an origin (shared by all requests to it), one `struct auth_try` in each request:
 *
 *	again:
 *		switch (auth_next(repo, &req->try, now, &err)) {
 *		case AUTH_FAIL:	 end the request with err
 *		case AUTH_SEND:	 send it, with the Authorization of auth_header(repo), if any
 *		case AUTH_TOKEN: make the request of auth_token_request(), hand its answer to
 *				 auth_token_answer() (or call auth_token_failed()), then `again`
 *				 for this request and for all that wait
 *		case AUTH_WAIT:	 another request was told AUTH_TOKEN or AUTH_PING, or is the one
 *				 that tries a password: wait for that
 *		case AUTH_PING:	 GET <origin>/v2/ without Authorization, hand its status and
 *				 challenges to auth_pinged(), then `again` likewise
 *		}
 *	came back, answered or not:
 *		if auth_came_back(...), `again` for all that wait
 *	answered 401 (or 400, 403 with auth_stale()):
 *		auth_refused(...) < 0 ? end the request with err : again
 *	answered 200, 206, 404 or a redirect:
 *		auth_accepted(...)
 *
 * The states are listed at the top of auth.c. Rules kept here:
 *
 * - Basic only goes to the origin that asked for it; a token only to the origin and repository it
 *   was fetched for.
 * - One token request for each (realm, service, scope, user), however many requests wait for it.
 * - A refusal that repeats with fresh credentials is final.
 * - Registries lock accounts. So a password that has not been accepted yet is tried by one request,
 *   and the others wait for the outcome; after two refusals it is sent no more in this run.
 *
 * Rules kept by the caller: Authorization is dropped when a redirect leaves the origin, and a
 * realm must pass origin_may_follow() (oci/http/origin.h) before anything is sent to it.
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
 * The repository `path` ("library/alpine", as in the URL between /v2/ and /manifests/; "" for
 * none) at `origin` ("https://registry-1.docker.io", "http://127.0.0.1:5000": scheme, host, and
 * the port unless it is the scheme's). The same texts give the same pointer, valid as long as `a`.
 */
struct auth_repo *auth_repo(struct auth *a, const char *origin, const char *path);

struct cached_token;
struct login;

/* The history of one request. Start with zeroes; the members are for this module only. */
struct auth_try {
	unsigned refusals;           /* 401s so far */
	unsigned serial;             /* of the credentials it was last sent with; 0: none */
	bool waited;                 /* for a token that it asked for, or another request did */
	struct cached_token *asking; /* between AUTH_TOKEN and the answer */
	struct login *trying;        /* it is the one that tries this password */
};

enum auth_step { AUTH_FAIL = -1, AUTH_SEND, AUTH_TOKEN, AUTH_WAIT, AUTH_PING };

/* `now` is clock_now(). */
enum auth_step auth_next(struct auth_repo *r, struct auth_try *t, int64_t now, struct err *err);

/* "Basic ..." or "Bearer ...", lent until the next call for this repository; NULL: none. */
const char *auth_header(const struct auth_repo *r);

/* Cuts the password or token of a repository, which the host may have put into its answer, out of a
 * text in its buffer of `size` bytes, and all that looks like credentials. r may be NULL. */
void auth_redact(const struct auth_repo *r, char *text, size_t size);

/* A request was answered with 401 (or auth_stale() is true), with these values of
 * WWW-Authenticate. 0: call auth_next() again; -1: the refusal is final. */
int auth_refused(struct auth_repo *r, struct auth_try *t, const struct span *challenges, size_t n,
		 int64_t now, struct err *err);

/* A request has come back, with an answer or without one; to be called first. Whether others wait
 * for the outcome: then they call auth_next() once more, after this one has been judged. */
bool auth_came_back(struct auth_try *t);

/* A request was accepted: a password that was sent with it is good. */
void auth_accepted(struct auth_repo *r, const struct auth_try *t);

/* Whether a 400 or 403 may only mean that the token sent has expired: then call auth_refused(). */
bool auth_stale(const struct auth_repo *r, const struct auth_try *t, long status, int64_t now);

/* The answer to the GET of /v2/; status 0: there was none. */
void auth_pinged(struct auth_repo *r, long status, const struct span *challenges, size_t n);

/* The request for a token, for the try that was told AUTH_TOKEN. Lent until auth_token_answer() or
 * auth_token_failed(). */
struct auth_request {
	const char *url;  /* resolve it against the URL of the request: a realm may be relative */
	const char *form; /* NULL: GET. Else POST this, application/x-www-form-urlencoded */
	const char *authorization; /* or NULL */
};

int auth_token_request(struct auth_try *t, struct auth_request *q, struct err *err);
/* Exactly one of the next two follows, also when the run is stopped, since other requests wait for
 * it. The answer, with any status; when it has no token, auth_next() fails for all that wait. */
void auth_token_answer(struct auth_repo *r, struct auth_try *t, long status, struct span body,
		       int64_t now);
/* There was no answer. Failures of kind NET and LIMIT are forgotten after a while, others stay. */
void auth_token_failed(struct auth_try *t, const struct err *why, int64_t now);

#endif
