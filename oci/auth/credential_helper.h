/*
 * credential_helper - docker-credential-*: programs that give credentials.
 *
 * The protocol of docker-credential-helpers: `docker-credential-NAME get` reads the server's name
 * from standard input, and writes an object with Username and Secret to standard output. It runs
 * without a shell, from an absolute directory of the given path, with the given environment and
 * without this process's descriptors.
 */
#ifndef OCI_AUTH_CREDENTIAL_HELPER_H
#define OCI_AUTH_CREDENTIAL_HELPER_H

#include <stdbool.h>

#include "oci/auth/credential.h"

struct err;

/* All lent. */
struct credential_helper {
	const char *name;         /* "ecr-login" */
	const char *path;         /* directories parted by ":"; NULL: none */
	const char *named;        /* where it is named, for messages: "/root/.docker/config.json" */
	char *const *environment; /* NULL-ended; NULL: empty */
	long timeout_ms;
};

/* A helper that was started for the credential of a server. */
struct helper_run;

/* Starts the helper. When that fails, the run has ended, and credential_helper_finish() says why.
 * */
struct helper_run *credential_helper_start(const struct credential_helper *h, const char *server);

/* Whether it has ended, or its time is up; never waits. Until then, call it again when the
 * descriptor credential_helper_fd() becomes readable; afterwards that is -1. */
bool credential_helper_ended(struct helper_run *r);
int credential_helper_fd(const struct helper_run *r);

/* Takes r, waits for its end, and puts its answer into *out, which must be empty; CREDENTIAL_NONE
 * when the helper has none. AUTH when it is missing, fails, gives an answer that does not parse,
 * or takes too long: then it is killed. */
int credential_helper_finish(struct helper_run *r, struct credential *out, struct err *err);

/* Kills it when it still runs. NULL is fine. */
void credential_helper_free(struct helper_run *r);

#endif
