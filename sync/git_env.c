#include "sync/git_env.h"

#include <stdlib.h>
#include <string.h>

#include "oci/auth/credential.h"
#include "oci/base/cleanup.h"
#include "oci/base/span.h"
#include "sync/env.h"
#include "sync/remote.h"

/* Of the user's GIT_* variables, those that begin so stay. */
static const char *const kept[] = {
	"GIT_SSH=",           "GIT_SSH_COMMAND=",   "GIT_SSH_VARIANT=",
	"GIT_SSL_",           "GIT_PROXY_SSL_",     "GIT_HTTP_",
	"GIT_CONFIG_GLOBAL=", "GIT_CONFIG_SYSTEM=", "GIT_CONFIG_NOSYSTEM=",
};

static const char *const removed[] = { "SSH_ASKPASS=", "LANGUAGE=" };

/* What git gives to its shell: the values come from the environment. */
#define HELPER                                                                                     \
	"!f() { test \"$1\" != get || printf 'username=%s\\npassword=%s\\n' "                      \
	"\"$MIRROR_SYNC_REPO_USER\" \"$MIRROR_SYNC_REPO_PASSWORD\"; }; f"

static bool begins_with_any(const char *entry, const char *const *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_starts(span_str(entry), prefixes[i]))
			return true;
	return false;
}

static bool is_passed_on(const char *entry)
{
	if (span_starts(span_str(entry), "GIT_"))
		return begins_with_any(entry, kept, sizeof(kept) / sizeof(kept[0]));
	return !begins_with_any(entry, removed, sizeof(removed) / sizeof(removed[0]));
}

/* NULL when it is not set. */
static char **find_entry(const struct git_env *e, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < e->n; i++)
		if (strncmp(e->entries[i], name, n) == 0 && e->entries[i][n] == '=')
			return &e->entries[i];
	return NULL;
}

static void add_entry(struct git_env *e, char *entry)
{
	e->entries = xgrow(e->entries, e->n + 1, &e->cap, sizeof(char *));
	e->entries[e->n++] = entry;
	e->entries[e->n] = NULL;
}

bool git_env_has(const struct git_env *e, const char *name)
{
	return find_entry(e, name);
}

void git_env_set(struct git_env *e, const char *name, const char *value)
{
	char **old = find_entry(e, name), *entry = xasprintf("%s=%s", name, value);

	if (!old) {
		add_entry(e, entry);
		return;
	}
	credential_wipe(*old);
	*old = entry;
}

/* ---- credentials of the URL ---- */

/* git's configuration by environment: GIT_CONFIG_KEY_0, GIT_CONFIG_VALUE_0 ... */
static void add_config(struct git_env *e, size_t *count, const char *origin, const char *key,
		       const char *value)
{
	cleanup_free char *name = xasprintf("GIT_CONFIG_KEY_%zu", *count);
	cleanup_free char *value_name = xasprintf("GIT_CONFIG_VALUE_%zu", *count);
	cleanup_free char *full_key = xasprintf("credential.%s.%s", origin, key);
	cleanup_free char *total = xasprintf("%zu", ++*count);

	git_env_set(e, name, full_key);
	git_env_set(e, value_name, value);
	git_env_set(e, "GIT_CONFIG_COUNT", total);
}

/* An empty helper takes all out that the user's configuration has for the URL: a password that was
 * given is used and not stored, and none goes over an unencrypted connection to another machine. A
 * user without a password may be one whose password ~/.netrc or a helper knows; it may be a token:
 * with an empty password it is tried last. */
static void set_credentials(struct git_env *e, const struct remote *remote)
{
	const char *host = strstr(remote->url, "://") + 3;
	cleanup_free char *origin =
		xstrndup(remote->url, (size_t)(host - remote->url) + strcspn(host, "/"));
	bool is_open = remote_is_open(remote);
	size_t count = 0;

	if (remote->password || is_open)
		add_config(e, &count, origin, "helper", "");
	if (!remote->user || is_open)
		return;
	add_config(e, &count, origin, "username", remote->user);
	add_config(e, &count, origin, "helper", HELPER);
	git_env_set(e, "MIRROR_SYNC_REPO_USER", remote->user);
	git_env_set(e, "MIRROR_SYNC_REPO_PASSWORD", remote->password ? remote->password : "");
}

/* ---- all of it ---- */

static void set_default(struct git_env *e, const char *name, const char *value)
{
	if (value && !git_env_has(e, name))
		git_env_set(e, name, value);
}

void git_env_init(struct git_env *e, const struct env *env, const struct remote *remote)
{
	bool is_open = remote->way == REMOTE_HTTP || remote->way == REMOTE_GIT;

	*e = (struct git_env){ .n = 0 };
	for (char *const *entry = env->environment; entry && *entry; entry++)
		if (is_passed_on(*entry))
			add_entry(e, xstrdup(*entry));
	git_env_set(e, "LC_ALL", "C"); /* its messages are read */
	git_env_set(e, "GIT_TERMINAL_PROMPT", "0");
	git_env_set(e, "GIT_ASKPASS", "");
	git_env_set(e, "SSH_ASKPASS_REQUIRE", "never");
	git_env_set(e, "GCM_INTERACTIVE", "never"); /* of git-credential-manager */
	/* the user's configuration cannot extend it, as it can protocol.*.allow; redirects, too */
	git_env_set(e, "GIT_ALLOW_PROTOCOL",
		    is_open ? "https:http:ssh:git:file" : "https:ssh:file");
	set_default(e, "GIT_SSL_CAINFO", env->wire.net.ca_file);
	set_default(e, "GIT_SSL_CAPATH", env->wire.net.ca_dir);
	set_default(e, "http_proxy", env->wire.net.proxy.http);
	if (remote->way == REMOTE_HTTPS || remote->way == REMOTE_HTTP)
		set_credentials(e, remote);
}

void git_env_release(struct git_env *e)
{
	for (size_t i = 0; i < e->n; i++)
		credential_wipe(e->entries[i]);
	free(e->entries);
	*e = (struct git_env){ .n = 0 };
}
