/*
 * ssh - a command at the far end of an ssh connection, made by the ssh program.
 *
 * By the program and not by libgit2's libssh2, since 1.10 signs with RSA keys as no host accepts any more, and since
 * people expect of ssh what theirs does: ~/.ssh/config, jump hosts, agents, certificates, hardware keys. It asks
 * nobody (BatchMode): a passphrase is an error, and so is a host that is not in known_hosts, whatever the configuration
 * says. It dies with the process that started it.
 */
#ifndef SYNC_SSH_H
#define SYNC_SSH_H

#include <stddef.h>
#include <sys/types.h>

struct err;
struct remote;

struct ssh {
	pid_t pid;
	int in, out; /* its standard input and output: what the command reads and says */
	int words;   /* what it said for people */
};

#define SSH_INIT                                                                                   \
	{                                                                                          \
		.pid = 0, .in = -1, .out = -1, .words = -1                                         \
	}

/* Starts `command 'path'` there; the path is the remote's. Whether it is let in shows when it is read from. */
int ssh_start(struct ssh *s, const struct remote *to, const char *command, struct err *err);

/* Bytes that were read, at least 1. At its end: -1, and what it had to say for people. */
ssize_t ssh_read(struct ssh *s, char *p, size_t n, struct err *err);
int ssh_write(struct ssh *s, const char *p, size_t n, struct err *err);

/* Ends it, too. */
void ssh_release(struct ssh *s);

#endif
