/*
 * auth_types - what oci/auth/auth.c remembers: of an origin, of a repository, of tokens.
 */
#ifndef OCI_AUTH_AUTH_TYPES_H
#define OCI_AUTH_AUTH_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/auth/cached_token.h"
#include "oci/auth/challenge_cache.h"
#include "oci/auth/credential.h"
#include "oci/base/table.h"

struct auth;
struct keychain;
struct login;

enum ping { PING_NEVER, PING_WANTED, PING_ASKED, PING_DONE };

/* What is known of scheme://host[:port]. */
struct origin {
	char *name;
	const char *host; /* within name */
	struct challenge_cache challenges;
	enum ping ping;
	struct login *logins;
	int64_t renewed; /* when its helper was last asked again; 0: never */
	char *refresh;   /* wiped; replaces the identity token, as an answer said */
};

/* How requests of a repository are sent. */
enum mode {
	MODE_UNKNOWN, /* without credentials, until the origin has sent a challenge */
	MODE_OPEN,    /* without credentials: none is known */
	MODE_BASIC,
	MODE_TOKEN,
	MODE_DIRECT, /* with the bearer token that was configured */
};

struct auth_repo {
	struct auth *auth;
	struct origin *origin;
	char *key;
	const char *path; /* within key */
	enum mode mode;
	bool wants_ping;
	bool looked_up; /* cred has been asked of the keychain */
	struct credential cred;
	struct cached_token *cached;
	struct cached_token *foreign; /* before the own scope was tried; NULL: it was not */
	bool own_works;               /* the own scope's token was accepted after that */
	unsigned serial;              /* of the credential, while it is sent itself */
	char *header;                 /* wiped */
	unsigned header_serial;
};

struct token_slot {
	char *key;
	struct cached_token cached;
};

struct auth {
	struct keychain *keychain;
	struct table origins, repos, tokens;
	unsigned serial; /* of the latest credential or token */
};

#endif
