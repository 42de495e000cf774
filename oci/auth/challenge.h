/*
 * challenge - WWW-Authenticate headers of a 401 (RFC 9110, 11.6.1), read leniently.
 *
 * All headers of the answer are read together, and one challenge is chosen: the first Bearer that
 * names its realm, else the first Basic. Other schemes (Negotiate, NTLM, Digest) are skipped. Names
 * are compared without case; values may be quoted or bare; commas may be missing; of a parameter
 * that is given twice, the first value counts.
 */
#ifndef OCI_AUTH_CHALLENGE_H
#define OCI_AUTH_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct err;

enum challenge_scheme {
	CHALLENGE_NONE, /* there was none */
	CHALLENGE_BASIC,
	CHALLENGE_BEARER,
};

struct challenge {
	enum challenge_scheme scheme;
	char *realm;   /* as sent, so perhaps relative to the request's URL; of a Bearer never "" */
	char *service; /* "" when not given */
	char *scope;   /* "" when not given; several are separated by blanks */
	bool insufficient_scope; /* error="insufficient_scope": the token is for another scope */
};

#define CHALLENGE_INIT                                                                             \
	{                                                                                          \
		.scheme = CHALLENGE_NONE                                                           \
	}

/*
 * Reads the values of all WWW-Authenticate headers into *c, which must be empty. AUTH, naming them,
 * when only unsupported schemes are offered; INVALID when a Bearer has no realm, or one that cannot
 * be a URL, and there is no Basic beside it, or when a ceiling is exceeded.
 */
int challenge_read(struct challenge *c, const struct span *headers, size_t n, struct err *err);
void challenge_release(struct challenge *c);

#endif
