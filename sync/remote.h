/*
 * remote - where a git repository is, as --repo says it: a URL (https, http, ssh, git, file), "git@host:path" as
 * ssh takes it, or a path on this machine.
 *
 * What may be secret (a user's name may be a token) is taken out at once: `url` can stand in messages and in the
 * configuration of a clone.
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
	char *port;     /* ssh's, or NULL */
	char *path;     /* ssh's: what the far end calls it; "~ann/x" and "x" are below a home */
};

#define REMOTE_INIT                                                                                \
	{                                                                                          \
		.url = NULL                                                                        \
	}

/* USAGE when text is none of these. */
int remote_parse(struct remote *r, const char *text, struct err *err);
void remote_release(struct remote *r);

/* Whether anybody on the way there can read it, and change the answer: plain http or git to another machine. */
bool remote_is_open(const struct remote *r);

#endif
