/*
 * clone - a bare clone, made or brought up to date by the git program.
 *
 * The clone has the branches and tags of its origin, under the same names, and no others: what was
 * force-pushed is followed, what was deleted is deleted. Its HEAD is what is HEAD there. It holds
 * no password and no token.
 *
 * Nothing that stands in the clone steers git: its configuration and its HEAD are written before
 * each run, hooks do not run, and files that would lead git elsewhere are removed. Only objects and
 * references are taken from it.
 */
#ifndef SYNC_CLONE_H
#define SYNC_CLONE_H

#include <signal.h>

struct env;
struct err;
struct remote;

struct clone_options {
	const struct remote *from; /* lent, as all of it */
	const struct env *env;
	const volatile sig_atomic_t *stop; /* set by a signal handler; or NULL */
};

/* Makes the directory such a clone when it does not exist. INVALID when a clone that is there is
 * broken, is one of something else, or is none: it should be made anew; IO when this machine
 * refuses; NET, AUTH when the other side does; USAGE when it is no repository's path, when git is
 * not installed, or when a signal stopped it. */
int clone_fetch(const char *directory, const struct clone_options *o, struct err *err);

#endif
