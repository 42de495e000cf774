/*
 * token - bearer tokens as documents: the request for one, and the answer.
 *
 * Specification: distribution, "Token Authentication Specification" (GET) and "Oauth2 Token
 * Authentication" (POST). Nothing here talks to a network, and nothing here puts a token or a
 * password into a message.
 */
#ifndef OCI_AUTH_TOKEN_H
#define OCI_AUTH_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/base/span.h"

struct buf;
struct credential;
struct err;

/* All lent. */
struct token_request {
	const char *realm;   /* a URL, perhaps with a query of its own, perhaps relative */
	const char *service; /* "" leaves the parameter out */
	const char *scope;   /* separated by blanks: each becomes a parameter, in this order */
	const struct credential *cred; /* NULL: anonymous */
};

/* realm?service=...&scope=...&account=user, keeping the realm's own query. A password goes beside
 * it, into the Authorization header (credential_basic()). LIMIT when it becomes too long. */
int token_url(struct buf *out, const struct token_request *q, struct err *err);
/* The body of a POST to the realm, application/x-www-form-urlencoded, with the identity token in
 * it. */
int token_form(struct buf *out, const struct token_request *q, struct err *err);

/* Whether every word of the scope `wanted` is one of `have`. */
bool token_scope_within(const char *wanted, const char *have);

struct token {
	char *text;      /* owned, wiped; NULL: no token */
	char *refresh;   /* owned, wiped; NULL when the answer brought none */
	int64_t asked;   /* monotonic nanoseconds when the answer came */
	int64_t expires; /* monotonic nanoseconds */
};

#define TOKEN_INIT                                                                                 \
	{                                                                                          \
		.text = NULL                                                                       \
	}

/*
 * Reads the answer's body. `access_token` takes precedence over `token`; a missing or short
 * `expires_in` means 60 seconds; `issued_at` is ignored, since the server's clock may be wrong:
 * the lifetime begins at `now` (clock_now() when the answer came). INVALID when the body is not
 * JSON (the page of a proxy is quoted, redacted), has no token, or one that does not fit into a
 * header. `sent`, which may be NULL, is the credential of the request: a page that echoes its
 * secret is quoted without it.
 */
int token_parse(struct token *t, struct span body, const struct credential *sent, int64_t now,
		struct err *err);
void token_release(struct token *t);

/* Whether it is valid for some seconds more. A token is renewed before it expires, since some
 * registries answer an expired one with a 400 that does not say why (ECR Public). */
bool token_fresh(const struct token *t, int64_t now);

/* *err from a token server's answer that is not 200, and -1: AUTH for 400, 401, 403 and 404, LIMIT
 * for 429, else NET; sys is the status. The body is quoted, redacted. */
int token_refused(long status, struct span body, const struct credential *sent, struct err *err);

#endif
