/*
 * challenge_cache - what the challenges of an origin have taught about the next one.
 *
 * The first refusal tells the scheme, the realm and the service, which hold for all repositories there, and how the
 * scope is made, so that the other repositories are asked for with a token from the start.
 */
#ifndef OCI_AUTH_CHALLENGE_CACHE_H
#define OCI_AUTH_CHALLENGE_CACHE_H

#include "oci/auth/challenge.h"

struct challenge_cache {
	enum challenge_scheme scheme;
	char *realm, *service;
	char *fixed_scope; /* one scope for all repositories; NULL: repository:<path><actions> */
	char *actions;     /* ":pull"; NULL: that */
};

#define CHALLENGE_CACHE_INIT                                                                       \
	{                                                                                          \
		.scheme = CHALLENGE_NONE                                                           \
	}

/* path is the repository that was asked for; NULL when the challenge is of none (GET /v2/), and a scope in it at best
 * an example (GHCR: user/image). */
void challenge_cache_learn(struct challenge_cache *g, const struct challenge *c, const char *path);
/* The scope to expect for a repository; "" for the path "". The caller frees it. */
char *challenge_cache_scope(const struct challenge_cache *g, const char *path);
void challenge_cache_release(struct challenge_cache *g);

#endif
