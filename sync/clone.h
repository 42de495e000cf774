/*
 * clone - a bare clone, made or brought up to date from where it comes from. libgit2's part of --repo.
 *
 * The clone has the branches and tags of its origin, under the same names, and no others: what was force-pushed is
 * followed, what was deleted is deleted. Its HEAD is the commit that is HEAD there. No password and no token is
 * written to it.
 *
 * How we are let in: https by the user and password of the URL, or of ~/.netrc; nothing secret is sent over plain http
 * but to this machine, nor to another host that an answer redirects to, which is not followed at all. ssh as the
 * ssh program does it (sync/ssh.h).
 *
 * libgit2 1.5 waits as long as the other side likes: call it apart (sync/apart.h).
 */
#ifndef SYNC_CLONE_H
#define SYNC_CLONE_H

struct err;
struct remote;

/* All lent; all but `from` may be NULL. */
struct clone_options {
	const struct remote *from;
	const char *ca_file, *ca_dir; /* instead of the system's */
	const char *proxy;            /* for https */
	const char *home;             /* of .netrc */
};

/* Makes the directory such a clone when it does not exist. INVALID when a clone that is there is broken, is one of
 * something else, or is none: it should be made anew; IO when this machine refuses; NET, AUTH when the other side
 * does. alive(arg) is called while it goes on. */
int clone_fetch(const char *directory, const struct clone_options *o, void (*alive)(void *arg),
		void *arg, struct err *err);

#endif
