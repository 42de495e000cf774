/*
 * challenge_cache - what the challenges of an origin say about the next one.
 *
 * The first challenge gives the scheme, the realm and the service, which are the same for all
 * repositories of the origin, and the form of the scope. So the requests of the other repositories
 * are sent with a token from the start.
 */
#ifndef OCI_AUTH_CHALLENGE_CACHE_H
#define OCI_AUTH_CHALLENGE_CACHE_H

#include "oci/auth/challenge.h"

struct challenge_cache {
	enum challenge_scheme scheme;
	char *realm, *service;
	char *fixed_scope; /* one scope for all repositories; NULL: repository:<path><actions> */
	char *actions;     /* ":pull,push"; NULL: ":pull" */
};

#define CHALLENGE_CACHE_INIT                                                                       \
	{                                                                                          \
		.scheme = CHALLENGE_NONE                                                           \
	}

/* path is the repository of the request; NULL when there is none (GET /v2/): then a scope in the
 * challenge is at most an example (GHCR: user/image). */
void challenge_cache_learn(struct challenge_cache *g, const struct challenge *c, const char *path);
/* The scope to expect for a repository; "" for the path "". The caller frees it. */
char *challenge_cache_scope(const struct challenge_cache *g, const char *path);
void challenge_cache_release(struct challenge_cache *g);

#endif
