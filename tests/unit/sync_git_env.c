#include "sync/git_env.h"

#include <string.h>

#include "oci/base/err.h"
#include "sync/env.h"
#include "sync/remote.h"
#include "tests/tap.h"

static const struct {
	const char *name, *from, *set; /* in mirror-sync's environment; or NULL */
	const char *with, *without;    /* in git's: an entry, the beginning of one; or NULL */
} rows[] = {
	{ "home stays", "/x", "HOME=/root", "HOME=/root", NULL },
	{ "GIT_DIR goes", "/x", "GIT_DIR=/y", NULL, "GIT_DIR=" },
	{ "GIT_WORK_TREE goes", "/x", "GIT_WORK_TREE=/y", NULL, "GIT_WORK_TREE=" },
	{ "GIT_EXEC_PATH goes", "/x", "GIT_EXEC_PATH=/y", NULL, "GIT_EXEC_PATH=" },
	{ "configuration by environment goes", "/x", "GIT_CONFIG_COUNT=1", NULL,
	  "GIT_CONFIG_COUNT" },
	{ "configuration of an outer git goes", "/x", "GIT_CONFIG_PARAMETERS='a.b=c'", NULL,
	  "GIT_CONFIG_PARAMETERS" },
	{ "traces go", "/x", "GIT_TRACE_CURL=/y", NULL, "GIT_TRACE" },
	{ "which configuration is the user's stays", "/x", "GIT_CONFIG_GLOBAL=/y",
	  "GIT_CONFIG_GLOBAL=/y", NULL },
	{ "the user's ssh stays", "/x", "GIT_SSH_COMMAND=ssh -v", "GIT_SSH_COMMAND=ssh -v", NULL },
	{ "the user's CA stays", "/x", "GIT_SSL_CAINFO=/y", "GIT_SSL_CAINFO=/y", NULL },
	{ "else it is that of SSL_CERT_FILE", "/x", NULL, "GIT_SSL_CAINFO=/ca", NULL },
	{ "askpass goes", "/x", "SSH_ASKPASS=/y", "GIT_ASKPASS=", "SSH_ASKPASS=" },
	{ "messages that can be read", "/x", "LC_ALL=de_DE.UTF-8", "LC_ALL=C", "LC_ALL=de" },
	{ "the user's protocols go", "/x", "GIT_ALLOW_PROTOCOL=ext",
	  "GIT_ALLOW_PROTOCOL=https:ssh:file", "GIT_ALLOW_PROTOCOL=ext" },
	{ "an unencrypted one when it is asked for", "http://git.corp/x", NULL,
	  "GIT_ALLOW_PROTOCOL=https:http:ssh:git:file", NULL },
	{ "no credentials", "https://git.corp/x", NULL, NULL, "GIT_CONFIG_" },
	{ "a password is for one origin", "https://ann:pa55@git.corp:8443/x/y", NULL,
	  "GIT_CONFIG_KEY_2=credential.https://git.corp:8443.helper", NULL },
	{ "and replaces the user's helpers", "https://ann:pa55@git.corp/x", NULL,
	  "GIT_CONFIG_VALUE_0=", NULL },
	{ "and stands in one variable", "https://ann:pa55@git.corp/x", NULL,
	  "MIRROR_SYNC_REPO_PASSWORD=pa55", NULL },
	{ "a user alone comes after the user's helpers", "https://ann@git.corp/x", NULL,
	  "GIT_CONFIG_KEY_0=credential.https://git.corp.username", NULL },
	{ "nothing is said over http", "http://ann:pa55@git.corp/x", NULL, "GIT_CONFIG_COUNT=1",
	  "MIRROR_SYNC_REPO_" },
	{ "but to this machine", "http://ann:pa55@127.0.0.1/x", NULL,
	  "MIRROR_SYNC_REPO_PASSWORD=pa55", NULL },
	{ "not to ssh", "ssh://git@git.corp/x", NULL, NULL, "MIRROR_SYNC_REPO_" },
};

static bool has_entry(const struct git_env *e, const char *text, bool whole)
{
	for (size_t i = 0; i < e->n; i++)
		if (whole ? strcmp(e->entries[i], text) == 0
			  : strncmp(e->entries[i], text, strlen(text)) == 0)
			return true;
	return false;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char set[100] = "A=b", *const environment[] = { set, NULL };
		const struct env env = { .environment = environment, .wire.net.ca_file = "/ca" };
		struct remote remote = REMOTE_INIT;
		struct err err = ERR_INIT;
		struct git_env e;

		if (rows[i].set)
			snprintf(set, sizeof(set), "%s", rows[i].set);
		CHECK_ROW(remote_parse(&remote, rows[i].from, &err) == 0, rows[i].name);
		git_env_init(&e, &env, &remote);
		CHECK_ROW(!rows[i].with || has_entry(&e, rows[i].with, true), rows[i].name);
		CHECK_ROW(!rows[i].without || !has_entry(&e, rows[i].without, false), rows[i].name);
		CHECK_ROW(git_env_has(&e, "GIT_TERMINAL_PROMPT") && !git_env_has(&e, "GIT_TERM"),
			  rows[i].name);
		CHECK(!e.entries[e.n]);
		git_env_release(&e);
		remote_release(&remote);
	}
	return tap_done();
}
