/*
 * cached_token - one token for one purpose: as it is asked for, waited for, held, renewed and refused.
 *
 * Purpose: a realm, a service, the scopes, and in whose name. Nobody asks twice at a time. auth (oci/auth/auth.h)
 * keeps the tickets; this is what one goes through:
 *
 *	CACHED_TOKEN_ASK -> (asking) CACHED_TOKEN_WAIT -> CACHED_TOKEN_HELD -> (near its end, or refused) CACHED_TOKEN_ASK
 *					   -> CACHED_TOKEN_FAILED -> (unless it is a matter of credentials, later) CACHED_TOKEN_ASK
 */
#ifndef OCI_AUTH_CACHED_TOKEN_H
#define OCI_AUTH_CACHED_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/auth/credential.h"
#include "oci/auth/token.h"
#include "oci/base/buf.h"
#include "oci/base/err.h"

enum cached_token_state {
	CACHED_TOKEN_ASK,
	CACHED_TOKEN_WAIT,
	CACHED_TOKEN_HELD,
	CACHED_TOKEN_FAILED
};

struct cached_token {
	char *realm, *service, *scope;
	struct credential cred;
	char **refresh; /* lent; the refresh token that took the place of the credential's, or NULL */
	struct token token; /* valid while CACHED_TOKEN_HELD */
	unsigned serial;    /* of the token; set by the owner */
	bool asking, failed;
	bool by_get; /* the server does not know POST */
	int64_t failed_at;
	struct err why;
	struct buf url, form, authorization; /* of the request under way */
};

/* What a request is to be made of; see struct auth_request. Lent until the answer. */
struct cached_token_request {
	const char *url, *form, *authorization;
};

/* All copied, but refresh. */
void cached_token_init(struct cached_token *t, const struct token_request *purpose, char **refresh);
void cached_token_release(struct cached_token *t);

enum cached_token_state cached_token_state(const struct cached_token *t, int64_t now);

/* The caller asks from now on, until one of the next two. */
void cached_token_begin(struct cached_token *t);
int cached_token_request(struct cached_token *t, struct cached_token_request *q, struct err *err);
/* Gives whether there is a token now. */
bool cached_token_answer(struct cached_token *t, long status, struct span body, int64_t now);
void cached_token_fail(struct cached_token *t, const struct err *why, int64_t now);

/* The token was refused: it is of no use any more. */
void cached_token_drop(struct cached_token *t);

#endif
