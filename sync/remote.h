/*
 * remote - where a git repository is, as --repo says it: a URL (https, http, ssh, git, file),
 * "git@host:path" as ssh takes it, or a path on this machine.
 *
 * What may be secret (a user's name may be a token) is taken out at once: `url` can stand in
 * messages, in a command line and in a clone. Nothing that git, ssh or a shell could take for an
 * option or a program is accepted: no "::", no control character, no part that begins with "-".
 */
#ifndef SYNC_REMOTE_H
#define SYNC_REMOTE_H

#include <stdbool.h>

struct err;

enum remote_way { REMOTE_LOCAL, REMOTE_HTTPS, REMOTE_HTTP, REMOTE_SSH, REMOTE_GIT };

struct remote {
	enum remote_way way;
	char *url;      /* without password, and without user but for ssh */
	char *host;     /* NULL when it is on this machine */
	char *user;     /* or NULL */
	char *password; /* or NULL */
};

#define REMOTE_INIT                                                                                \
	{                                                                                          \
		.url = NULL                                                                        \
	}

/* USAGE when text is not one of these. */
int remote_parse(struct remote *r, const char *text, struct err *err);
void remote_release(struct remote *r);

/* Whether every machine on the way can read and change what comes: http or git to another
 * machine. */
bool remote_is_open(const struct remote *r);

#endif
