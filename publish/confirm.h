/*
 * confirm - waits until the servers of --confirm answer from what was published.
 *
 * Each answer of a mirror-serve has the header X-Mirror-Generation, a 401 too, so no password is
 * needed: HEAD /v2/ is asked without one. A server has confirmed when its generation is the
 * mirror's, or a later one.
 *
 *	cleanup_by(confirm_release) struct confirm c = CONFIRM_INIT;
 *	confirm_read(&c, inv->confirm, &err)	before the verb changes anything
 *	confirm_wait(&c, inv, &err)		after it
 */
#ifndef PUBLISH_CONFIRM_H
#define PUBLISH_CONFIRM_H

#include "oci/base/strvec.h"
#include "publish/verb.h"

struct err;

/* Servers at most. */
#define CONFIRM_SERVERS 256
/* Seconds until a server must have confirmed, when --confirm-within says nothing: twice the minute
 * for which an NFS client may keep a file's attributes (acregmax of nfs(5)). */
#define CONFIRM_SECONDS 120

struct confirm {
	struct strvec origins; /* "https://host:5000" each, in the order given */
};

#define CONFIRM_INIT                                                                               \
	{                                                                                          \
		.origins = STRVEC_INIT                                                             \
	}

/* Reads "URL,..." into *c, which must be empty. USAGE, which never shows a password, for a URL
 * that is not the root of an http or https server, and for more than CONFIRM_SERVERS. */
int confirm_read(struct confirm *c, const char *urls, struct err *err);

/* Asks the servers, all at once and again and again, until each has the generation that the mirror
 * has now or inv->confirm_within seconds are over; 0 asks each once. Lines on stderr name each
 * server that has not confirmed, with the reason, and count those that have. Gives EXIT_OK or
 * EXIT_PART; or -1 when no server could be asked. */
int confirm_wait(const struct confirm *c, const struct invocation *inv, struct err *err);

void confirm_release(struct confirm *c);

#endif
