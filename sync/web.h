/*
 * web - git's smart protocol over https and http (gitprotocol-http(5)): bytes there, bytes back.
 *
 *	web_ask(w)                      what is there (a GET of info/refs) ...
 *	web_read(w, p, n) ... 0
 *	web_begin(w)                    what we want of it, and have (a POST), any number of times
 *	web_write(w, p, n) ...
 *	web_read(w, p, n) ... 0
 *
 * Who we are is said when it is asked for, and not before: the user and the password of the URL, or of ~/.netrc. It
 * is said to the origin that the URL names and to no other: a redirect that leads elsewhere is an error, and so is
 * a question for a password over plain http, but from this machine.
 *
 * Every failure is of kind AUTH or NET, whatever it was: nothing here knows of the clone.
 */
#ifndef SYNC_WEB_H
#define SYNC_WEB_H

#include <stddef.h>
#include <sys/types.h>

#include "oci/http/proxy.h"

struct err;
struct remote;
struct web;

/* All lent, all but user_agent may be NULL. */
struct web_options {
	const char *user_agent;
	const char *ca_file, *ca_dir; /* instead of the system's */
	struct proxy proxy;
	const char *home; /* of .netrc */
	void (*alive)(void *arg);
	void *arg;
};

/* `to` is a https or http URL; both are lent. */
struct web *web_new(const struct remote *to, const struct web_options *o, struct err *err);
void web_free(struct web *w);

int web_ask(struct web *w, struct err *err);
void web_begin(struct web *w);
int web_write(struct web *w, const char *p, size_t n, struct err *err);
/* How many bytes were read, 0 at the end of the answer. The first one after web_begin() sends what was written. */
ssize_t web_read(struct web *w, char *p, size_t n, struct err *err);
/* Gives up what is under way. */
void web_end(struct web *w);

#endif
