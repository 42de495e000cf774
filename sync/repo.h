/*
 * repo - the clone that --repo keeps: brought up to date before the lists in it are read, never
 * read as it was.
 *
 * It is MIRROR/.mirror/lists.git, used by the process that holds the lock of syncs; or, for a run
 * that writes nothing, a temporary directory that goes with the run. A clone is made under another
 * name and renamed when it is whole, so one that was cut short is no clone; one that turns out to
 * be broken is made anew, and kept aside until the next time.
 */
#ifndef SYNC_REPO_H
#define SYNC_REPO_H

#include <signal.h>

struct env;
struct err;
struct remote;

/* All lent. */
struct repo_options {
	const struct remote *from;
	const char *lists, *rev; /* what will be read */
	const char *mirror;      /* whose clone it is; NULL: a temporary one */
	const struct env *env;
	const volatile sig_atomic_t *stop;
};

struct repo {
	char *clone;     /* the bare repository */
	char *temporary; /* the directory around it; or NULL */
};

#define REPO_INIT                                                                                  \
	{                                                                                          \
		.clone = NULL                                                                      \
	}

/* IO when this machine refuses to keep the clone; anything else: the lists could not be fetched. */
int repo_open(struct repo *r, const struct repo_options *o, struct err *err);
/* Removes a temporary clone. */
void repo_release(struct repo *r);

#endif
