/*
 * grant - tokens, fetched for the requests that wait for them: what oci/auth/auth.h decides, done over the wire.
 *
 * One request for a token, however many wait for it; what it brings, all that wait find when they ask again. A token
 * server is a stranger whom the registry names: oci/http/origin.h says what it may be, and it is followed to
 * another host only by a request that carries no credentials.
 */
#ifndef OCI_REGISTRY_GRANT_H
#define OCI_REGISTRY_GRANT_H

#include <stdbool.h>
#include <stdint.h>

struct auth_repo;
struct auth_try;
struct endpoint;
struct err;

enum grant {
	GRANT_REFUSED = -1,
	GRANT_GO,   /* with auth_header() */
	GRANT_WAIT, /* until the endpoint's `granted` is set, then ask again */
};

/* Who asks to be let in, and where. */
struct grant_seeker {
	struct auth_repo *repo;
	struct auth_try *try;
	const char *base; /* the URL that realms may be relative to */
	const char *ping; /* where /v2/ is there */
	bool foreign;     /* another origin than the endpoint's */
};

/* Whether a request may go now. repo and try are lent until it has been let in, refused or stopped, the rest for the
 * call. */
enum grant grant_ask(struct endpoint *e, const struct grant_seeker *who, struct err *err);

/* Sends again what failed and is due; when the next of those is (INT64_MAX: none). */
void grant_pump(struct endpoint *e, int64_t now);
int64_t grant_wakes_at(const struct endpoint *e);
/* Gives up what is under way. */
void grant_stop(struct endpoint *e);

#endif
