/*
 * trouble - why a transfer failed, where that tells what may help. libcurl and the TLS library say
 * it in words, which are read here: a certificate that no trusted CA has signed, https where the
 * server speaks plain http, and the like.
 *
 * The words of a message and the advice are apart: what helps depends on where the address was
 * named. trouble_advise() is for one in a URL on a command line; for a registry of mirror.conf,
 * oci/registry/advice.h has its own.
 */
#ifndef OCI_HTTP_TROUBLE_H
#define OCI_HTTP_TROUBLE_H

#include <stdbool.h>

struct err;

enum trouble {
	TROUBLE_OTHER,
	TROUBLE_NO_TLS,     /* https was asked, and the server does not speak TLS */
	TROUBLE_NO_HTTP,    /* http was asked, and the answer is none: an alert of TLS, maybe */
	TROUBLE_CUT,        /* http was asked, and the connection ended before any answer */
	TROUBLE_UNTRUSTED,  /* the certificate is signed by no CA that is trusted, or by itself */
	TROUBLE_OTHER_NAME, /* the certificate is of other hosts */
	TROUBLE_OUTDATED,   /* the certificate is not valid today */
};
#define TROUBLES (TROUBLE_OUTDATED + 1)

/* What libcurl's error about a URL says. */
enum trouble trouble_of(const char *text, bool https);

/* Whether another try can never succeed. */
bool trouble_is_permanent(enum trouble t);
/* What a message says in the place of libcurl's words; NULL: those. */
const char *trouble_words(enum trouble t);

/* Adds what may help to the error about a URL that somebody has written on a command line. */
void trouble_advise(enum trouble t, struct err *err);

#endif
