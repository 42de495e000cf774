/*
 * login - a password (or another credential) at an origin, and whether it is right.
 *
 * Registries lock accounts after wrong passwords. So a password that has not been accepted yet is
 * tried by one request; the others wait until it has come back. After LOGIN_TRIES refusals it is
 * sent no more in this run.
 *
 *	login_try(l, &trying)	GO: send it; WAIT: another request tries it; REFUSED
 *	login_came_back(&trying)	the request has come back; then one of
 *	login_accepted(l), login_refused(l), or nothing when the answer does not say
 */
#ifndef OCI_AUTH_LOGIN_H
#define OCI_AUTH_LOGIN_H

#include <stdbool.h>

#include "oci/auth/credential.h"

#define LOGIN_TRIES 2

struct login {
	struct credential cred;
	unsigned refusals;
	bool is_good;   /* it was accepted: what is refused now is the repository */
	bool is_tried;  /* by a request under way, and not accepted before */
	bool is_waited; /* other requests wait for that one */
	struct login *next;
};

/* The login of a credential in a list, made when it is new; its text is copied. */
struct login *login_of(struct login **list, const struct credential *cred);
/* Frees a list, and wipes its secrets. */
void login_release(struct login **list);

enum login_step { LOGIN_REFUSED = -1, LOGIN_GO, LOGIN_WAIT };

/* Whether the request whose `trying` this is (NULL at first) may send the credential now. */
enum login_step login_try(struct login *l, struct login **trying);
/* The request has come back; gives whether others wait for it. */
bool login_came_back(struct login **trying);
void login_accepted(struct login *l);
void login_refused(struct login *l);

#endif
