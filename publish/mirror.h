/*
 * mirror - the mirror a verb works on, opened for reading or locked for one publish.
 *
 *	cleanup_by(mirror_release) struct mirror m = MIRROR_INIT;
 *	if (mirror_read(&m, run->mirror, err) < 0) ...		 what is published; takes no lock
 *
 * or, to change it: mirror_lock(), change m.index, generation_publish(), mirror_release().
 *
 * No verb ever makes a mirror: that is mirror-sync's. A directory that is no mirror of ours is refused
 * before anything in it is touched.
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

int mirror_read(struct mirror *m, const char *path, struct err *err);
/* Waits up to `wait` seconds for another publisher; a sync under way is none. */
int mirror_lock(struct mirror *m, const char *path, const char *who, long wait, struct err *err);
void mirror_release(struct mirror *m);

#endif
