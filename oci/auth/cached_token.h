/*
 * cached_token - one token for one purpose: a realm, a service, scopes and a user. oci/auth/auth.c
 * keeps them; this is the life of one.
 *
 *	state   event                                         next state
 *	------  --------------------------------------------  ----------
 *	ASK     cached_token_begin(): one request fetches it  WAIT
 *	WAIT    an answer with a token                        VALID
 *	WAIT    an answer without one, or none                FAILED
 *	WAIT    the server wants another form of request      ASK
 *	VALID   it is near its end, or was refused            ASK
 *	FAILED  half a minute later, unless AUTH              ASK
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
	CACHED_TOKEN_VALID,
	CACHED_TOKEN_FAILED
};

struct cached_token {
	char *realm, *service, *scope;
	struct credential cred;
	char **refresh;     /* lent; a refresh token that replaces the credential's, or NULL */
	struct token token; /* valid while CACHED_TOKEN_VALID */
	unsigned serial;    /* of the token; set by the owner */
	bool asking, failed;
	bool by_get; /* the server does not know POST */
	int64_t failed_at;
	struct err why;
	struct buf url, form, authorization; /* of the request under way */
};

/* The request for the token; see struct auth_request. Lent until the answer. */
struct cached_token_request {
	const char *url, *form, *authorization;
};

/* All copied, but refresh. */
void cached_token_init(struct cached_token *t, const struct token_request *purpose, char **refresh);
void cached_token_release(struct cached_token *t);

enum cached_token_state cached_token_state(const struct cached_token *t, int64_t now);

/* The caller fetches the token from now on; it ends with cached_token_answer() or
 * cached_token_fail(). */
void cached_token_begin(struct cached_token *t);
int cached_token_request(struct cached_token *t, struct cached_token_request *q, struct err *err);
/* The answer has come; gives whether there is a token now. */
bool cached_token_answer(struct cached_token *t, long status, struct span body, int64_t now);
void cached_token_fail(struct cached_token *t, const struct err *why, int64_t now);

/* Forgets the token, which was refused. */
void cached_token_drop(struct cached_token *t);

#endif
