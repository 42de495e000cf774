/*
 * access - the files that say who may read private images: users, groups, keys of tokens.
 *
 * They are read at start and again by themselves when one of them changes, or on SIGHUP; all three
 * together, so that no request meets half of a change. When one of them cannot be read or has a
 * fault, a message says so and all three stay as they were.
 *
 *	access_init(&a, &source, err)			before the workers start
 *	access_check(&a, ...)				main thread, now and then
 *	files = access_latest(&a, files)		a worker, once a turn of its loop
 *
 * Without --htpasswd nobody can log in: no request is ever asked who it comes from, and only the
 * certificates of TLS clients make users. Without --groups as well there are no files at all, and
 * access_latest() gives NULL.
 */
#ifndef SERVE_ACCESS_H
#define SERVE_ACCESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "oci/base/err.h"
#include "serve/groups.h"
#include "serve/htpasswd.h"
#include "serve/token.h"

struct password_check;

struct access_source {
	const char *htpasswd;  /* NULL: nobody can log in */
	const char *groups;    /* or NULL: no user is in a group */
	const char *token_key; /* or NULL: a key is made, which no other server knows */
};

/* The files as they were at one time; immutable. */
struct access_files {
	atomic_uint refs;
	bool logins; /* there is an htpasswd file */
	struct htpasswd users;
	struct groups groups;
	struct token_keys keys;
};

#define ACCESS_FILES 3

struct access {
	struct access_source source;
	pthread_mutex_t lock; /* while a reference is taken, and while the files are replaced */
	struct access_files *_Atomic files;
	struct stat seen[ACCESS_FILES];
	struct token_keys own; /* the key that was made, without --token-key */
	struct password_check *passwords;
	struct err failed; /* the last failure, which is said once */
};

#define ACCESS_INIT                                                                                \
	{                                                                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER                                                  \
	}

/* Reads the files and starts the threads that hash. USAGE when a file has a fault; IO. */
int access_init(struct access *a, const struct access_source *from, struct err *err);
/* Accepts one that access_init() has not filled. */
void access_release(struct access *a);

/* Reads the files again when one of them has changed, or in any case; true when workers have to
 * look. */
bool access_check(struct access *a, bool in_any_case);

/* The files as they are now, with a reference; drops the one to `have`, which may be NULL. NULL
 * without files. */
struct access_files *access_latest(struct access *a, struct access_files *have);
/* Whether there are users who log in; f may be NULL. */
static inline bool access_logins(const struct access_files *f)
{
	return f && f->logins;
}
void access_unref(struct access_files *f);

#endif
