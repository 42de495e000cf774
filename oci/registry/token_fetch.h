/*
 * token_fetch - tokens, fetched for the requests that wait for them: what oci/auth/auth.h decides, done over the wire.
 *
 * One request for a token, however many wait for it; what it brings, all that wait find when they ask again. A token
 * server is a stranger whom the registry names: oci/http/origin.h says what it may be, and it is followed to
 * another host only by a request that carries no credentials.
 */
#ifndef OCI_REGISTRY_TOKEN_FETCH_H
#define OCI_REGISTRY_TOKEN_FETCH_H

#include <stdbool.h>
#include <stdint.h>

struct auth_repo;
struct auth_try;
struct endpoint;
struct err;

enum token_fetch_result {
	TOKEN_FETCH_REFUSED = -1,
	TOKEN_FETCH_GO,   /* with auth_header() */
	TOKEN_FETCH_WAIT, /* until the endpoint's `granted` is set, then ask again */
};

/* Who asks to be let in, and where. */
struct token_waiter {
	struct auth_repo *repo;
	struct auth_try *try;
	const char *base; /* the URL that realms may be relative to */
	const char *ping; /* where /v2/ is there */
	bool foreign;     /* another origin than the endpoint's */
};

/* Whether a request may go now. repo and try are lent until it has been let in, refused or stopped, the rest for the
 * call. */
enum token_fetch_result token_fetch_ask(struct endpoint *e, const struct token_waiter *who,
					struct err *err);

/* Sends again what failed and is due; when the next of those is (INT64_MAX: none). */
void token_fetch_pump(struct endpoint *e, int64_t now);
int64_t token_fetch_wakes_at(const struct endpoint *e);
/* Gives up what is under way. */
void token_fetch_stop(struct endpoint *e);

#endif
