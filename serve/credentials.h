/*
 * credentials - what a request says about who asks: its Authorization field, or the form of a token
 * request. Nothing is believed here; asker.h finds out.
 *
 * RFC 7617 (Basic), RFC 6750, 2.1 (Bearer), RFC 6749, 4.3.2 (the form with grant_type=password).
 * The grant refresh_token is read, too: dockerd sends the identity token of another registry to its
 * mirrors. We hand out no refresh tokens, so each is foreign.
 */
#ifndef SERVE_CREDENTIALS_H
#define SERVE_CREDENTIALS_H

#include <stdbool.h>

#include "oci/base/limits.h"
#include "oci/base/span.h"

enum credentials_kind {
	CREDENTIALS_NONE,   /* nothing, or an empty user and password, as skopeo sends them */
	CREDENTIALS_BASIC,  /* user and password */
	CREDENTIALS_BEARER, /* token */
	CREDENTIALS_ODD,    /* anything else */
};

struct credentials {
	enum credentials_kind kind;
	struct span token; /* points into the request */
	char user[LIMIT_USER + 1];
	char password[LIMIT_PASSWORD + 1];
};

/* Reads the value of an Authorization field; p is NULL when there is none. Cannot fail: the kind
 * says what it is. */
void credentials_of_field(struct credentials *c, struct span value);

/* Reads a form (application/x-www-form-urlencoded); scoped gets whether it names a scope. */
void credentials_of_form(struct credentials *c, struct span form, bool *scoped);

/* Wipes the password. */
void credentials_wipe(struct credentials *c);

#endif
