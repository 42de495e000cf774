/*
 * env - all that mirror-sync reads from the environment: the mirror's directory, proxies, CAs,
 * credentials. No other module of sync/ reads it.
 */
#ifndef SYNC_ENV_H
#define SYNC_ENV_H

#include <stdbool.h>

#include "oci/registry/registry_types.h"

struct err;

struct env {
	const char *mirror;           /* $MIRROR_DIR, or NULL */
	struct registry_options wire; /* proxies, CAs, certs.d directories, credentials; lent */
	const char *home;             /* $HOME, or NULL */
	const char *path;             /* $PATH, or NULL */
	char *const *environment;     /* all of it, for programs that are run */
	bool color;                   /* $NO_COLOR is not set */
	const char *certs_roots[4];
	char *home_certs;
};

/* Fills *e without the credentials of registries. */
void env_read(struct env *e);
/* Fills in the credentials. AUTH or INVALID when a credentials file exists and cannot be used. */
int env_read_credentials(struct env *e, struct err *err);
void env_release(struct env *e);

#endif
