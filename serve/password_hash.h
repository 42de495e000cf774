/*
 * password_hash - one hashed password of an htpasswd file, and comparing a password with it.
 *
 * The formats are those of crypt(5) that withstand guessing: bcrypt ($2y$, $2b$, $2a$; `htpasswd
 * -B`), sha512 ($6$; `mkpasswd -m sha512crypt`, `openssl passwd -6`) and yescrypt ($y$; `mkpasswd
 * -m yescrypt`). The others that htpasswd writes ($apr1$, which is its default, {SHA}, crypt, plain
 * text) are refused by name. libcrypt enters this room here.
 */
#ifndef SERVE_PASSWORD_HASH_H
#define SERVE_PASSWORD_HASH_H

#include <stdbool.h>

#include "oci/base/span.h"

struct err;

/* The longest hash that is accepted: sha512 with its rounds and longest salt has 123 bytes. */
#define PASSWORD_HASH_MAX 255

/* Whether the text is a whole hash in an accepted format; else INVALID, with the format's name and
 * what to do. The message does not show the text. */
int password_hash_check(struct span text, struct err *err);

/* Hashes the password, which takes from milliseconds to a second, and compares. False as well when
 * libcrypt does not understand the hash. Safe from any thread. */
bool password_hash_matches(const char *hash, const char *password);

#endif
