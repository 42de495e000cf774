/*
 * challenge - what a 401 asks for: WWW-Authenticate headers (RFC 9110, 11.6.1), read leniently.
 *
 * All headers of the answer are read together, and the one challenge worth answering is chosen: the
 * first Bearer that names its realm, else the first Basic. Other schemes (Negotiate, NTLM, Digest) are
 * passed over. Names are compared without case; values may be quoted or bare; commas may be missing;
 * a parameter said twice counts once, as first said.
 */
#ifndef OCI_AUTH_CHALLENGE_H
#define OCI_AUTH_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct err;

enum challenge_scheme {
	CHALLENGE_NONE, /* no challenge at all: GET /v2/ may know one */
	CHALLENGE_BASIC,
	CHALLENGE_BEARER,
};

struct challenge {
	enum challenge_scheme scheme;
	char *realm; /* as sent, so perhaps relative to the URL that was asked; of a Bearer never "" */
	char *service;           /* "" when not said */
	char *scope;             /* "" when not said; several are parted by blanks */
	bool insufficient_scope; /* error="insufficient_scope": the token was good, for something else */
};

#define CHALLENGE_INIT                                                                             \
	{                                                                                          \
		.scheme = CHALLENGE_NONE                                                           \
	}

/*
 * Reads the values of all WWW-Authenticate headers into *c, which must be empty. AUTH when nothing but
 * unsupported schemes is offered (they are named); INVALID when a Bearer has no realm, or none that
 * can stand in a URL, and there is no Basic beside it, or when a ceiling is passed.
 */
int challenge_read(struct challenge *c, const struct span *headers, size_t n, struct err *err);
void challenge_release(struct challenge *c);

#endif
