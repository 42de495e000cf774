/*
 * sandbox - what mirror-serve gives up before it answers a request, so that a fault in it, which a
 * client's bytes might reach, opens nothing else of the machine.
 *
 *	prctl(2)	no new privileges
 *	landlock(7)	files: reading beneath the directories that are named here, appending in
 *			that of the access log, replacing the file of misses, and removing
 *			sockets; nothing else
 *	seccomp(2)	system calls: a list; no socket, no connection out, no program
 *
 * A call that is not on the list fails with EPERM, and does not end the server: a library that
 * tries a newer call goes on with an older one. The kernel's audit log has those calls.
 *
 * Threads inherit all of it, so it is entered before the first one is started, and before the files
 * that are read again later (index.json, users) are read first: a directory that is missing here is
 * an error at start.
 *
 * Names are found anew at each reload, and links may be switched meanwhile. So the rule for a path
 * is on the directory that has its last name, and on each directory that has a symbolic link on the
 * way: /srv/mirror -> /srv/v1 opens /srv for reading, and v2 may replace v1. Never on "/": there
 * the rule is on the path itself, which then cannot be switched to another directory.
 */
#ifndef SERVE_SANDBOX_H
#define SERVE_SANDBOX_H

#include <stddef.h>

/* What is done at a path: USE(enumerator, landlock's rights beneath the directory). */
#define SANDBOX_USES(USE)                                                                          \
	USE(SANDBOX_READ, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)              \
	USE(SANDBOX_APPEND, LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)           \
	USE(SANDBOX_REPLACE, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |          \
				     LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
				     LANDLOCK_ACCESS_FS_REMOVE_FILE)                               \
	USE(SANDBOX_REMOVE, LANDLOCK_ACCESS_FS_REMOVE_FILE)

#define SANDBOX_ENUMERATOR(use, rights) use,
enum sandbox_use { SANDBOX_USES(SANDBOX_ENUMERATOR) };
#undef SANDBOX_ENUMERATOR

struct sandbox_path {
	const char *path; /* NULL or "": nothing */
	enum sandbox_use use;
};

/* Enters it, for ever. What the kernel, or the container around us, refuses is left out, and one
 * line on stderr names it. */
void sandbox_enter(const struct sandbox_path *v, size_t n);

/* Adds the reason that the sandbox may be for EACCES and EPERM to a message: "", or a text that
 * begins with a space. */
const char *sandbox_words(int error);

#endif
