/*
 * env - what the environment says, read in one place: where the mirror is, proxies, CAs, credentials.
 * Nothing else of mirror-sync looks at it.
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
	bool color;                   /* nobody said $NO_COLOR */
	const char *certs_roots[4];
	char *home_certs;
};

/* Fills *e but for the credentials of registries. */
void env_read(struct env *e);
/* AUTH or INVALID when a credentials file is there and cannot be used. */
int env_read_credentials(struct env *e, struct err *err);
void env_release(struct env *e);

#endif
