/*
 * keychain - which credential is for which registry.
 *
 * Sources, the most explicit first; the first that has a credential for the registry is used:
 *
 *	$DOCKER_AUTH_CONFIG			    the JSON itself
 *	$REGISTRY_AUTH_FILE			    a containers auth.json
 *	$DOCKER_CONFIG/config.json		    or, without that variable, ~/.docker/config.json
 *	$XDG_RUNTIME_DIR/containers/auth.json
 *	$XDG_CONFIG_HOME/containers/auth.json	    or ~/.config/containers/auth.json
 *	~/.dockercfg				    docker's file before 2015, still read by podman
 *
 * Within a source: credHelpers[host]; then auths, the longest of host/ns/repo, host/ns, host (keys
 * may be spelt as URLs); then credsStore. Docker Hub's names (docker.io, index.docker.io,
 * registry-1.docker.io, https://index.docker.io/v1/) are one. A helper is a program that may be
 * slow, and keychain_find() waits for it; a caller that has other work starts it early:
 *
 *	keychain_begin(c, host)		starts the helpers for a host
 *	keychain_ready(c, host)		... until they have ended; keychain_watch(): what to poll
 *	keychain_find(c, host, ...)	does not wait then
 *
 * The answers of helpers are kept, their failures too.
 *
 * The host is always that of the endpoint, never the registry it is a mirror of: a mirror.conf
 * that sends docker.io to another host does not send docker.io's credentials there.
 */
#ifndef OCI_AUTH_KEYCHAIN_H
#define OCI_AUTH_KEYCHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/auth/credential.h"

struct keychain;
struct err;

/* What main() found in the environment. Texts are lent for the call; any may be NULL or "". */
struct keychain_options {
	const char *docker_auth_config;
	const char *registry_auth_file;
	const char *docker_config;
	const char *xdg_runtime_dir;
	const char *xdg_config_home;
	const char *home;
	const char *path;         /* $PATH, where docker-credential-* are looked for */
	char *const *environment; /* of helpers, NULL-ended; lent for the life of the keychain */
	long helper_timeout_ms;   /* 0: 30 seconds */
};

/* Fills the members that hold a variable for sources, calling variable() with its name; `path`,
 * `environment` and `helper_timeout_ms` are not changed. */
void keychain_read_variables(struct keychain_options *o, const char *(*variable)(const char *name));

/* Reads the sources. A missing file is skipped; one that cannot be read or is not JSON is an error
 * that names it and quotes nothing of it. */
struct keychain *keychain_new(const struct keychain_options *o, struct err *err);
void keychain_free(struct keychain *c);

/*
 * Puts the credential for a repository ("library/alpine"; "" for the registry itself) at
 * host[:port] into *out, which must be empty and which the caller releases; CREDENTIAL_NONE when
 * no source has one. AUTH when a helper is missing or fails, or an entry does not parse.
 */
int keychain_find(struct keychain *c, const char *host, const char *path, struct credential *out,
		  struct err *err);

void keychain_begin(struct keychain *c, const char *host);
bool keychain_ready(struct keychain *c, const char *host);
/* At most max descriptors; when one becomes readable, keychain_ready() may have changed. Gives
 * their number. */
size_t keychain_watch(const struct keychain *c, int *fds, size_t max);

/* Forgets the answers of helpers for this host, since a credential was refused: the next
 * keychain_find() asks them again. */
void keychain_forget(struct keychain *c, const char *host);

#endif
