/*
 * helper - docker-credential-*: programs that know credentials.
 *
 * The protocol of docker-credential-helpers: `docker-credential-NAME get`, the server on standard input, an
 * object with Username and Secret on standard output. It runs without a shell, found in an absolute directory of
 * the path given, with the environment given and without this process's descriptors.
 */
#ifndef OCI_HELPER_H
#define OCI_HELPER_H

#include "oci/cred.h"

struct err;

/* All lent. */
struct helper {
	const char *name;         /* "ecr-login" */
	const char *path;         /* directories parted by ":"; NULL: none */
	const char *named;        /* where it is named, for messages: "/root/.docker/config.json" */
	char *const *environment; /* NULL-ended; NULL: empty */
	long timeout_ms;
};

/* Asks for the credential of server into *out, which must be empty; CRED_NONE when the helper knows none.
 * AUTH when it is missing, fails, says nothing that can be read, or takes too long: then it is killed. */
int helper_get(const struct helper *h, const char *server, struct cred *out, struct err *err);

#endif
