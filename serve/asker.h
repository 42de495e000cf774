/*
 * asker - who asks: found out for a request that wants what is not public, and only then.
 *
 * Public content is served without looking at credentials at all: dockerd sends its Docker Hub
 * login to mirrors, containerd the pull secret of another registry, and a token may have expired on
 * the way. So a credential that is not ours never costs a reader what is public, nor does it wait
 * for a password to be hashed.
 *
 * A user is known by the certificate of a TLS client (its CN; its O are groups), whatever else is
 * sent then; by a token of ours; or by Basic credentials sent directly. A user who left the
 * htpasswd file is no user any more, whatever his token says. Finding out may take a while:
 * asker_find() then gives false, the exchange is put off, and the same request is answered anew
 * when its worker is woken up.
 */
#ifndef SERVE_ASKER_H
#define SERVE_ASKER_H

#include <stdbool.h>

#include "oci/base/limits.h"

struct credentials;
struct exchange;

enum asker_kind {
	ASKER_UNKNOWN,   /* not looked at yet */
	ASKER_NOBODY,    /* sent no credentials */
	ASKER_REFUSED,   /* sent some that are wrong, foreign or expired */
	ASKER_SLOWED,    /* sent a password for a name at which too many were guessed */
	ASKER_BUSY,      /* sent one while too many others are being hashed */
	ASKER_ANONYMOUS, /* has a token that names no user */
	ASKER_USER,
};

struct asker {
	enum asker_kind kind;
	char user[LIMIT_USER + 1]; /* of ASKER_USER */
	const char *groups; /* of a certificate, a line each; lent by the connection; or NULL */
};

/* Fills x->asker from the request; at once when it was filled before. False: the password is being
 * hashed, and x->pending is set. */
bool asker_find(struct exchange *x);
/* The same from credentials of a form; they are wiped. */
bool asker_find_from(struct exchange *x, struct credentials *c);

/* Whether what is not public is answered with a challenge: to those without a token. Others get the
 * 404 of what does not exist. */
bool asker_is_challenged(const struct asker *a);

/* Whether the asker belongs to the group. */
bool asker_in_group(const struct exchange *x, const char *group);

/* Answers a request of an asker whose password could not be looked at now (429, 503); false for
 * everybody else. */
bool asker_put_off(struct exchange *x);

#endif
