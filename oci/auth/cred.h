/*
 * cred - one credential. Its secret is wiped from memory when it is released, and no message in the
 * suite shows it.
 */
#ifndef OCI_AUTH_CRED_H
#define OCI_AUTH_CRED_H

#include <stddef.h>

struct buf;

enum cred_kind {
	CRED_NONE,     /* anonymous */
	CRED_BASIC,    /* user and password */
	CRED_IDENTITY, /* secret is an identity token: a refresh token for the OAuth2 POST */
	CRED_BEARER,   /* secret is a bearer token, sent as it is ("registrytoken") */
};

struct cred {
	enum cred_kind kind;
	char *user;   /* owned; "" when there is none */
	char *secret; /* owned; "" when there is none */
	char *from;   /* owned; where it was found, for messages: "/root/.docker/config.json" */
};

#define CRED_INIT                                                                                  \
	{                                                                                          \
		.kind = CRED_NONE                                                                  \
	}

void cred_release(struct cred *c);
void cred_copy(struct cred *to, const struct cred *from);
/* A credential from a user's name and a secret: the user "<token>" makes it an identity token. */
void cred_set(struct cred *c, const char *user, const char *secret, const char *from);

/* "Basic dXNlcjpwYXNz" (RFC 7617). */
void cred_basic(const struct cred *c, struct buf *out);

/* What a bearer token is made of (RFC 6750, 2.1), and a little more than that: nothing that could end a header. */
#define CRED_TOKEN_CHARS                                                                           \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=:,;|@!#$&*%"

/* Wipes and frees a secret text; NULL is fine. */
void cred_wipe(char *secret);
/* Wipes a buffer that held secrets, and releases it. */
void cred_wipe_buf(struct buf *b);

#endif
