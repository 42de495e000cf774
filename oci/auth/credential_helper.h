/*
 * credential_helper - docker-credential-*: programs that know credentials.
 *
 * The protocol of docker-credential-helpers: `docker-credential-NAME get`, the server on standard input, an
 * object with Username and Secret on standard output. It runs without a shell, found in an absolute directory of
 * the path given, with the environment given and without this process's descriptors.
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

/* One that has been asked for the credential of a server. */
struct helper_run;

/* Starts it; what can't be started has ended. */
struct helper_run *credential_helper_start(const struct credential_helper *h, const char *server);

/* Whether it has ended, or its time is up; never waits. Until then credential_helper_fd() becomes readable when it is worth to
 * look again; then it is -1. */
bool credential_helper_ended(struct helper_run *r);
int credential_helper_fd(const struct helper_run *r);

/* Takes r, waits for its end, and gives what it said in *out, which must be empty; CREDENTIAL_NONE when the helper knows
 * none. AUTH when it is missing, fails, says nothing that can be read, or takes too long: then it is killed. */
int credential_helper_finish(struct helper_run *r, struct credential *out, struct err *err);

/* Kills it when it still runs. NULL is fine. */
void credential_helper_free(struct helper_run *r);

#endif
