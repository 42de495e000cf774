/*
 * clone - a bare clone, made or brought up to date from where it comes from. libgit2's part of --repo.
 *
 * The clone has the branches and tags of its origin, under the same names, and no others: what was force-pushed is
 * followed, what was deleted is deleted. Its HEAD is the commit that is HEAD there. No password and no token is
 * written to it.
 *
 * libgit2 keeps the clone and knows the protocol; the bytes go by sync/ssh.h and sync/web.h, where it says how we are
 * let in, since libgit2's own ssh and TLS know too little of today's keys, proxies and certificates.
 *
 * libgit2 1.5 waits as long as the other side likes: call it apart (sync/apart.h).
 */
#ifndef SYNC_CLONE_H
#define SYNC_CLONE_H

#include "sync/web.h"

struct err;
struct remote;

struct clone_options {
	const struct remote *from; /* lent, as all of it */
	struct web_options web;    /* alive() and its arg are ours to set */
};

/* Makes the directory such a clone when it does not exist. INVALID when a clone that is there is broken, is one of
 * something else, or is none: it should be made anew; IO when this machine refuses; NET, AUTH when the other side
 * does. alive(arg) is called while it goes on. */
int clone_fetch(const char *directory, const struct clone_options *o, void (*alive)(void *arg),
		void *arg, struct err *err);

#endif
