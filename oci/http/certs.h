/*
 * certs - certificates for one registry, as docker and the containers stack keep them:
 *
 *	<root>/<host[:port]>/ *.crt		CAs, added to the system's
 *			      NAME.cert NAME.key	a client certificate and its key
 *
 * Roots: $HOME/.config/containers/certs.d, /etc/containers/certs.d, /etc/docker/certs.d. Only the
 * first that has a directory for the host is used. Docker Hub's directory is called docker.io,
 * although its host has another name.
 */
#ifndef OCI_HTTP_CERTS_H
#define OCI_HTTP_CERTS_H

#include "oci/base/span.h"
#include "oci/base/strvec.h"

struct err;

/* Full paths, owned. */
struct certs {
	struct strvec ca; /* sorted by name */
	char *cert, *key; /* the first pair by name, or NULL */
};

#define CERTS_INIT                                                                                 \
	{                                                                                          \
		.cert = NULL                                                                       \
	}

/* Looks host ("registry.corp:5000") up below the roots (NULL-ended) into *c, which must be empty
 * and stays so when nothing is found. USAGE when a certificate has no key or a key no certificate:
 * docker refuses that too, since a CA with a name in .cert is a common mistake. */
int certs_find(struct certs *c, const char *const *roots, const char *host, struct err *err);
void certs_release(struct certs *c);

/* Whether a file of CAs has a certificate in it, as PEM. USAGE, with the command that makes one of
 * it, when it is in another form (DER, PKCS #7), has only a key, or nothing of the kind: libcurl
 * would only say that it cannot use it, or that no issuer is known. */
int certs_check_ca(const char *name, struct span bytes, struct err *err);

#endif
