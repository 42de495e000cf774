/*
 * ticket - one token for one purpose: as it is asked for, waited for, held, renewed and refused.
 *
 * Purpose: a realm, a service, the scopes, and in whose name. Nobody asks twice at a time. auth (oci/auth/auth.h)
 * keeps the tickets; this is what one goes through:
 *
 *	TICKET_ASK -> (asking) TICKET_WAIT -> TICKET_HELD -> (near its end, or refused) TICKET_ASK
 *					   -> TICKET_FAILED -> (unless it is a matter of credentials, later) TICKET_ASK
 */
#ifndef OCI_AUTH_TICKET_H
#define OCI_AUTH_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/auth/cred.h"
#include "oci/auth/token.h"
#include "oci/base/buf.h"
#include "oci/base/err.h"

enum ticket_state { TICKET_ASK, TICKET_WAIT, TICKET_HELD, TICKET_FAILED };

struct ticket {
	char *realm, *service, *scope;
	struct cred cred;
	char **refresh; /* lent; the refresh token that took the place of the credential's, or NULL */
	struct token token; /* valid while TICKET_HELD */
	unsigned serial;    /* of the token; set by the owner */
	bool asking, failed;
	bool by_get; /* the server does not know POST */
	int64_t failed_at;
	struct err why;
	struct buf url, form, authorization; /* of the request under way */
};

/* What a request is to be made of; see struct auth_request. Lent until the answer. */
struct ticket_request {
	const char *url, *form, *authorization;
};

/* All copied, but refresh. */
void ticket_init(struct ticket *t, const struct token_request *purpose, char **refresh);
void ticket_release(struct ticket *t);

enum ticket_state ticket_state(const struct ticket *t, int64_t now);

/* The caller asks from now on, until one of the next two. */
void ticket_begin(struct ticket *t);
int ticket_request(struct ticket *t, struct ticket_request *q, struct err *err);
/* Gives whether there is a token now. */
bool ticket_answer(struct ticket *t, long status, struct span body, int64_t now);
void ticket_fail(struct ticket *t, const struct err *why, int64_t now);

/* The token was refused: it is of no use any more. */
void ticket_drop(struct ticket *t);

#endif
