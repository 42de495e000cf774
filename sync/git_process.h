/*
 * git_process - the git program, run to its end, with what it says kept for messages.
 *
 * It runs without a shell and without a terminal, in a session and process group of its own, with
 * /dev/null as its standard input and none of this process's other descriptors. The whole group
 * (git, its transport, ssh, credential helpers) is ended, by SIGTERM and then by SIGKILL, when a
 * signal asks this process to stop, when git says nothing for too long, and at its deadline. The
 * group does not survive this process.
 */
#ifndef SYNC_GIT_PROCESS_H
#define SYNC_GIT_PROCESS_H

#include <signal.h>

struct buf;
struct err;

/* All lent. */
struct git_process {
	const char *program;               /* its full path */
	const char *const *arguments;      /* NULL-ended; the first is the program's name */
	char *const *environment;          /* NULL-ended */
	long silence_ms;                   /* between two signs of life; --progress gives them */
	long deadline_ms;                  /* for all of it */
	const volatile sig_atomic_t *stop; /* set by a signal handler; or NULL */
};

/* The full path of git in the absolute directories of `path` (as $PATH has them; NULL: none). The
 * caller frees it. NULL with USAGE when it is not there. */
char *git_process_find(const char *path, struct err *err);

/* Runs it. *status is its exit status (128 and more: killed by a signal). `said`, initialized by
 * the caller, gets the last lines of its two outputs, as many as fit, without the lines of
 * progress. IO when it cannot be started, NET when it was silent or took too long, USAGE when it
 * was stopped. To be called before any thread is started. */
int git_process_run(const struct git_process *p, struct buf *said, int *status, struct err *err);

#endif
