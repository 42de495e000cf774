/*
 * login - the challenge of a 401, and the endpoint that gives tokens for it.
 *
 *	GET  /v2/_ocimirror/token?service=...&scope=...		with Basic credentials, or without
 *	POST /v2/_ocimirror/token	grant_type=password&username=...&password=...&scope=...
 *
 * distribution, "Token Authentication Specification" and "OAuth2"; RFC 6750, 3 (the challenge).
 *
 * Whoever asks without credentials gets an anonymous token, with which public images are read. For
 * credentials that are not a user's here the rule is:
 *
 *	a request that names a scope is a pull: it gets an anonymous token, for a minute. dockerd
 *	sends its Docker Hub login to mirrors, containerd a foreign pull secret, and the image may
 *	be public. A private image is then the 404 of one that does not exist;
 *	a request that names none is a login (docker login, podman login): it fails with 401, so
 *	that people see that their password is wrong.
 *
 * A name that is nobody's here and a user's wrong password look the same in both.
 */
#ifndef SERVE_LOGIN_H
#define SERVE_LOGIN_H

#include <stdbool.h>

struct exchange;

/* Answers 401: go to the token endpoint, with the scope to pull x->route.name, or with none when
 * the route has no name. The answer depends on the request alone, not on what is in the mirror. */
void login_challenge(struct exchange *x);

/* What is not public, missing or not, is told apart only to those who came by the token endpoint:
 * true when the reply is a challenge, or has to wait (x->pending). */
bool login_first(struct exchange *x);

/* Answers a request to the token endpoint; puts it off (x->pending) while a password is hashed. */
void login_token(struct exchange *x);

#endif
