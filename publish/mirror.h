/*
 * mirror - the mirror a verb works on, opened for reading or locked for one publish.
 *
 *	cleanup_by(mirror_release) struct mirror m = MIRROR_INIT;
 *	if (mirror_read(&m, inv->mirror, err) < 0) ...		 the current index; takes no lock
 *
 * or, to change it: mirror_lock(), change m.index, generation_publish(), mirror_release().
 *
 * Only mirror-sync makes a mirror. A directory that is not a mirror is refused before anything in
 * it is changed.
 */
#ifndef PUBLISH_MIRROR_H
#define PUBLISH_MIRROR_H

#include "oci/store/index.h"
#include "oci/store/layout.h"

struct err;

struct mirror {
	struct layout layout;
	struct index index; /* what is published now */
	int lock;           /* .mirror/lock, or -1 */
};

#define MIRROR_INIT                                                                                \
	{                                                                                          \
		.layout = LAYOUT_INIT, .index = INDEX_INIT, .lock = -1                             \
	}

/* Reads the current index. NOTFOUND when there is no directory, INVALID when it is not a mirror. */
int mirror_read(struct mirror *m, const char *path, struct err *err);
/* The same, with the lock that publishing needs: waits up to `wait` seconds for another
 * publisher (a running sync does not hold it). `who` is recorded in the lock. */
int mirror_lock(struct mirror *m, const char *path, const char *who, long wait, struct err *err);
void mirror_release(struct mirror *m);

#endif
