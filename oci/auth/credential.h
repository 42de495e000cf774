/*
 * credential - one credential. Its secret is wiped from memory when it is released, and no message
 * shows it.
 */
#ifndef OCI_AUTH_CREDENTIAL_H
#define OCI_AUTH_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum credential_kind {
	CREDENTIAL_NONE,     /* anonymous */
	CREDENTIAL_BASIC,    /* user and password */
	CREDENTIAL_IDENTITY, /* secret is an identity token: a refresh token for the OAuth2 POST */
	CREDENTIAL_BEARER,   /* secret is a bearer token, sent as it is ("registrytoken") */
};

struct credential {
	enum credential_kind kind;
	char *user;   /* owned; "" when there is none */
	char *secret; /* owned; "" when there is none */
	char *from;   /* owned; where it was found, for messages: "/root/.docker/config.json" */
};

#define CREDENTIAL_INIT                                                                            \
	{                                                                                          \
		.kind = CREDENTIAL_NONE                                                            \
	}

void credential_release(struct credential *c);
void credential_copy(struct credential *to, const struct credential *from);
/* Fills *c, which must be empty, copying the texts; the user "<token>" makes it an identity token.
 * */
void credential_set(struct credential *c, const char *user, const char *secret, const char *from);

/* Whether two are the same; where they were found does not matter. */
bool credential_same(const struct credential *a, const struct credential *b);

/* Appends "Basic dXNlcjpwYXNz" (RFC 7617). */
void credential_basic(const struct credential *c, struct buf *out);

/* The characters of a bearer token (RFC 6750, 2.1), and some that registries use: none can end a
 * header. */
#define CREDENTIAL_TOKEN_CHARS                                                                     \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=:,;|@!#$&*%"

/* Wipes and frees a secret text; NULL is fine. */
void credential_wipe(char *secret);
/* Wipes a buffer that held secrets, and releases it. */
void credential_wipe_buf(struct buf *b);

#endif
