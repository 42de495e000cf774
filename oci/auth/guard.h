/*
 * guard - what the challenges of an origin have taught about the next one.
 *
 * The first refusal tells the scheme, the realm and the service, which hold for all repositories there, and how the
 * scope is made, so that the other repositories are asked for with a token from the start.
 */
#ifndef OCI_AUTH_GUARD_H
#define OCI_AUTH_GUARD_H

#include "oci/auth/challenge.h"

struct guard {
	enum challenge_scheme scheme;
	char *realm, *service;
	char *fixed_scope; /* one scope for all repositories; NULL: repository:<path><actions> */
	char *actions;     /* ":pull"; NULL: that */
};

#define GUARD_INIT                                                                                 \
	{                                                                                          \
		.scheme = CHALLENGE_NONE                                                           \
	}

/* path is the repository that was asked for; NULL when the challenge is of none (GET /v2/), and a scope in it at best
 * an example (GHCR: user/image). */
void guard_learn(struct guard *g, const struct challenge *c, const char *path);
/* The scope to expect for a repository; "" for the path "". The caller frees it. */
char *guard_scope(const struct guard *g, const char *path);
void guard_release(struct guard *g);

#endif
