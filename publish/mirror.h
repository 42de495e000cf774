/*
 * mirror - the mirror a verb works on, opened for reading or locked for one publish.
 *
 *	cleanup_by(mirror_release) struct mirror m = MIRROR_INIT;
 *	if (mirror_read(&m, inv->mirror, err) < 0) ...		 the current index; takes no lock
 *
 * or, to change it: mirror_open(), read what is needed, change m.index, mirror_relock() (which says
 * whether another publisher came first), generation_publish(), mirror_release(). A verb that has
 * lost that race begins again; the last time with mirror_lock(), which holds the lock throughout.
 *
 * Only mirror-sync makes a mirror. A directory that is not a mirror is refused before anything in
 * it is changed.
 */
#ifndef PUBLISH_MIRROR_H
#define PUBLISH_MIRROR_H

#include <stdbool.h>

#include "oci/base/err.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"

struct mirror {
	struct layout layout;
	struct index index; /* what is published now */
	int lock;           /* .mirror/lock, or -1 */
	struct err doubt; /* after mirror_read(): a writer would stop at this index; or ERR_NONE */
};

#define MIRROR_INIT                                                                                \
	{                                                                                          \
		.layout = LAYOUT_INIT, .index = INDEX_INIT, .lock = -1                             \
	}

/* Reads the current index. NOTFOUND when there is no directory, INVALID when it is not a mirror. An
 * index.json that was put back is read all the same: m->doubt says so, for the caller to tell. */
int mirror_read(struct mirror *m, const char *path, struct err *err);
/* The line about m->doubt on stderr, if there is one; whether there is. */
bool mirror_tell_doubt(const struct mirror *m);
/* The same, for a change that is worked out before the lock is taken: refuses what a writer
 * refuses. Takes the lock for a moment when what it reads does not fit together. */
int mirror_open(struct mirror *m, const char *path, const char *who, long wait, struct err *err);
/* The same for an index.json that was put back. *last gets the largest number that this mirror has
 * ever given to a generation. */
int mirror_open_restored(struct mirror *m, const char *path, long *last, struct err *err);
/* Takes the lock of a mirror that was opened: 1 when index.json is what was read then, 0 when
 * another publisher has replaced it, and nothing is locked. */
int mirror_relock(struct mirror *m, const char *who, long wait, struct err *err);
/* Reads the current index with the lock that publishing needs: waits up to `wait` seconds for
 * another publisher (a running sync does not hold it). `who` is recorded in the lock. */
int mirror_lock(struct mirror *m, const char *path, const char *who, long wait, struct err *err);
/* Releases the lock after a publish, and then lets old generations become differences. */
void mirror_unlock(struct mirror *m);
void mirror_release(struct mirror *m);

#endif
