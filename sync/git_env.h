/*
 * git_env - the environment that git is run with: that of mirror-sync, with these differences.
 *
 * Variables that would lead git to another repository, configuration or program are taken out: all
 * GIT_* but those of ssh, TLS, HTTP and the choice of the user's configuration files. Nothing asks
 * a person: no terminal prompt, no askpass program. Only the protocols that --repo takes are
 * allowed, and no unencrypted one unless the URL is of it. A user and a password in the URL are
 * given by a credential helper for the URL's scheme, host and port, which reads them from this
 * environment: they stand in no command line and in no file.
 */
#ifndef SYNC_GIT_ENV_H
#define SYNC_GIT_ENV_H

#include <stdbool.h>
#include <stddef.h>

struct env;
struct remote;

struct git_env {
	char **entries; /* "NAME=value", NULL-ended: for execve() */
	size_t n, cap;
};

void git_env_init(struct git_env *e, const struct env *env, const struct remote *remote);
/* Wipes it, too. */
void git_env_release(struct git_env *e);

bool git_env_has(const struct git_env *e, const char *name);
/* In the place of what it was. */
void git_env_set(struct git_env *e, const char *name, const char *value);

#endif
