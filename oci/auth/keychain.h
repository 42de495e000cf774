/*
 * keychain - which credential is for which registry.
 *
 * Sources, the most explicit first; the first that knows the registry decides:
 *
 *	$DOCKER_AUTH_CONFIG			    the JSON itself
 *	$REGISTRY_AUTH_FILE			    a containers auth.json
 *	$DOCKER_CONFIG/config.json		    or, without that variable, ~/.docker/config.json
 *	$XDG_RUNTIME_DIR/containers/auth.json
 *	$XDG_CONFIG_HOME/containers/auth.json	    or ~/.config/containers/auth.json
 *	~/.dockercfg				    where docker kept them before 2015, and podman looks to this day
 *
 * Within a source: credHelpers[host]; then auths, the longest of host/ns/repo, host/ns, host (keys may be
 * spelt as URLs); then credsStore. Docker Hub's names (docker.io, index.docker.io,
 * registry-1.docker.io, https://index.docker.io/v1/) are one. A helper is a program that may take its time, and
 * keychain_find() waits for it; who has something else to do begins before it needs an answer:
 *
 *	keychain_begin(c, host)		starts the helpers there are for a host
 *	keychain_ready(c, host)		... until they have ended; meanwhile keychain_watch() says what to poll for
 *	keychain_find(c, host, ...)	does not wait then
 *
 * What a helper said is kept, its failures too.
 *
 * The host is always the one that is really asked, never the name it stands in for: a mirror.conf that
 * sends docker.io elsewhere does not take docker.io's credentials along.
 */
#ifndef OCI_AUTH_KEYCHAIN_H
#define OCI_AUTH_KEYCHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/auth/credential.h"

struct keychain;
struct err;

/* What main() found in the environment. Lent for the call but `environment`; any may be NULL or "". */
struct keychain_options {
	const char *docker_auth_config;
	const char *registry_auth_file;
	const char *docker_config;
	const char *xdg_runtime_dir;
	const char *xdg_config_home;
	const char *home;
	const char *path; /* $PATH, where docker-credential-* are looked for */
	char *const *
		environment; /* what helpers get as theirs: main()'s; NULL-ended; kept, not copied */
	long helper_timeout_ms; /* 0: 30 seconds */
};

/* Fills the members above that stand for a variable of the environment, asking for each by its name; `path`,
 * `environment` and `helper_timeout_ms` are not touched. */
void keychain_read_variables(struct keychain_options *o, const char *(*variable)(const char *name));

/* Reads the files there are. A missing one is none; one that can't be read or is no JSON is an error
 * that names it and shows nothing of what is in it. */
struct keychain *keychain_new(const struct keychain_options *o, struct err *err);
void keychain_free(struct keychain *c);

/*
 * The credential for a repository ("library/alpine"; "" for the registry itself) at host[:port] into
 * *out, which must be empty and is the caller's to release; CREDENTIAL_NONE when nobody knows one. AUTH when
 * there should be one and can't be had: a helper that is missing or fails, an entry that can't be read.
 */
int keychain_find(struct keychain *c, const char *host, const char *path, struct credential *out,
		  struct err *err);

void keychain_begin(struct keychain *c, const char *host);
bool keychain_ready(struct keychain *c, const char *host);
/* Descriptors that become readable when it is worth to look again, at most so many; gives how many. */
size_t keychain_watch(const struct keychain *c, int *fds, size_t max);

/* Forgets what helpers said about this host, since it was refused: the next look-up asks them again. */
void keychain_forget(struct keychain *c, const char *host);

#endif
