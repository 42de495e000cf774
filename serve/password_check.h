/*
 * password_check - whether a user's password is right, without hashing on a thread that serves.
 *
 * Hashing takes milliseconds to a second, so threads of its own do it, with less priority. A worker
 * asks, gets PASSWORD_PENDING, and asks again once its eventfd was written to:
 *
 *	switch (password_check_ask(p, users, "ann", "secret", w->wake)) {
 *	case PASSWORD_PENDING: ... ask again when woken up
 *
 * Outcomes are remembered, right ones for five minutes and wrong ones for an hour, under an HMAC
 * of user, hash and password with a key that never leaves this process: passwords themselves are
 * wiped once they are hashed, and another hash in the file makes another outcome.
 *
 * Guessing is slowed down by name (guesses.h), never by address: a cluster is one address. A
 * password whose outcome is known meets no pause, so neither the users who are in already nor a
 * client that repeats one wrong password are slowed. A name that is no user's looks the same: it
 * is hashed against some user's hash, and such names share a fixed number of counts.
 */
#ifndef SERVE_PASSWORD_CHECK_H
#define SERVE_PASSWORD_CHECK_H

struct err;
struct htpasswd;
struct password_check;

enum password_verdict {
	PASSWORD_RIGHT,
	PASSWORD_WRONG,   /* or no such user */
	PASSWORD_PENDING, /* being hashed, or in the queue for it */
	PASSWORD_SLOWED,  /* too many wrong ones for this name: later */
	PASSWORD_BUSY,    /* the queue is full: later */
};

/* Starts that many threads. NULL with IO when it cannot. */
struct password_check *password_check_new(int threads, struct err *err);
/* Ends the threads, and forgets what waits; nobody asks any more. NULL is fine. */
void password_check_free(struct password_check *p);

/* Texts are copied. When the verdict is PASSWORD_PENDING, `wake`, an eventfd that lives as long as
 * p, is written to as soon as it is another one. Safe from any thread. */
enum password_verdict password_check_ask(struct password_check *p, const struct htpasswd *users,
					 const char *user, const char *password, int wake);

/* Forgets outcomes and counts: the file of users was read again. */
void password_check_forget(struct password_check *p);

#endif
