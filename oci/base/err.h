/*
 * err - why something failed, in a struct on the caller's stack.
 *
 * Every function that can fail takes `struct err *err` last, gives 0 or -1, and writes *err only
 * when it fails. Nothing is allocated, so there is nothing to release, and an err may be copied or
 * ignored. Making one and returning are one expression:
 *
 *	return err_set(err, ERR_INVALID, 0, "tag \"%s\" is too long", tag);
 *
 * and where a name is known that the reader needs, it is put in front on the way up:
 *
 *	return err_wrap(err, "%s", ref);
 *
 * Only main() prints errors and turns kinds into exit statuses.
 */
#ifndef OCI_BASE_ERR_H
#define OCI_BASE_ERR_H

#include <stddef.h>

/* Few kinds, named for what a caller can do about them. */
enum err_kind {
	ERR_NONE = 0,
	ERR_USAGE,    /* the command line, a list or a configuration file is wrong: mend it */
	ERR_IO,       /* this machine refused (sys holds errno): look at it */
	ERR_NET,      /* the server or the network failed (sys: HTTP status or 0): try again */
	ERR_AUTH,     /* the server refuses us access: get credentials */
	ERR_NOTFOUND, /* the requested thing does not exist: treat it as absent */
	ERR_LIMIT,    /* a quota of the server or a ceiling of ours: later, or less */
	ERR_INVALID,  /* bytes do not parse or break their specification: refuse them */
	ERR_DIGEST,   /* bytes do not have the expected digest: refuse them, suspect the server */
};

struct err {
	enum err_kind kind;
	int sys;       /* errno or an HTTP status; 0 when there is none */
	char msg[480]; /* one line, outermost context first */
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		.kind = ERR_NONE, .sys = 0, .msg = ""                                              \
	}

/* Sets *err and gives -1. A message too long for msg is cut; control characters become '?', since
 * parts of a message may come from a server and are printed on a terminal. */
int err_set(struct err *err, enum err_kind kind, int sys, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), cold));

/* Puts "context: " in front of the message and gives -1. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

/* Sets *err from errno as "what \"path\": reason" (kind IO, or NOTFOUND for ENOENT) and gives
 * -1. */
int err_sys(struct err *err, const char *what, const char *path) __attribute__((cold));

/* Shows the -1 to the compiler and the analyzer, so that they know which branch a caller takes. */
static inline int err_failed(void)
{
	return -1;
}
#define err_set(...)  (err_set(__VA_ARGS__), err_failed())
#define err_wrap(...) (err_wrap(__VA_ARGS__), err_failed())
#define err_sys(...)  (err_sys(__VA_ARGS__), err_failed())

#endif
