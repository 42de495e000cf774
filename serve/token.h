/*
 * token - Bearer tokens of our own: who asks, until when, under HMAC-SHA256.
 *
 *	<key id>.<seconds since 1970>.<user, base64url>.<HMAC, base64url>
 *
 * A token says that its holder has proved to be a user; an anonymous one, whose user is empty, says
 * only that its holder came by. It says nothing of what the user may read: that is decided anew for
 * each request, so a token of an hour ago has no right that was taken away since. It lives for
 * TOKEN_SECONDS. All letters are those that RFC 6750, 2.1, allows.
 *
 * Servers that share the keys understand each other's tokens. The first key signs, all of them
 * verify; so a key is replaced by adding the new one behind the old one everywhere, then swapping
 * the two, then taking the old one out.
 */
#ifndef SERVE_TOKEN_H
#define SERVE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/image/digest.h"

struct buf;
struct err;

#define TOKEN_SECONDS 300

/* A key of a file has 32 bytes at least, in letters: `openssl rand -hex 32` makes 64. */
#define TOKEN_KEY_MIN 32

#define TOKEN_ID      8

struct token_keys {
	size_t n;
	struct token_key {
		char id[TOKEN_ID + 1]; /* hex digits, from a digest of the key */
		unsigned char secret[DIGEST_HMAC];
	} v[LIMIT_TOKEN_KEYS];
};

/* Reads a key file: a key a line; empty lines and those that begin with "#" are skipped. The name
 * is for messages. INVALID, with file and line. */
int token_keys_parse(struct token_keys *k, const char *file, struct span text, struct err *err);
/* One random key, for a server that shares none. IO when the system gives no random bytes. */
int token_keys_random(struct token_keys *k, struct err *err);
void token_keys_wipe(struct token_keys *k);

/* Appends a token for the user ("" for an anonymous one), which ends TOKEN_SECONDS after now. */
void token_make(const struct token_keys *k, const char *user, time_t now, struct buf *out);

enum token_verdict {
	TOKEN_GOOD,
	TOKEN_EXPIRED, /* made with our key, but too old */
	TOKEN_FOREIGN, /* not made with our key, or no token at all */
};

/* Looks at a token; user gets the name when it is good, "" for an anonymous one. A token that
 * claims to end later than one made now would is foreign. */
enum token_verdict token_read(const struct token_keys *k, struct span text, time_t now,
			      char user[static LIMIT_USER + 1]);

#endif
