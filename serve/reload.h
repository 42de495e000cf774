/*
 * reload - loads the state again when index.json has changed.
 *
 * index.json is checked when inotify reports a change, and also every few seconds (network file
 * systems report nothing). A file that cannot be read as an index, because another tool has written
 * only half of it or it is broken, changes nothing: the previous state stays.
 */
#ifndef SERVE_RELOAD_H
#define SERVE_RELOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "oci/base/err.h"
#include "serve/state_load.h"

struct state;

struct reload {
	struct state_source from;
	pthread_mutex_t lock; /* held while a reference is taken, and while the state is replaced */
	struct state *_Atomic state;
	struct stat seen; /* index.json at the last check */
	int notify;       /* inotify: readable when something may have changed; or -1 */
	int watches[2];   /* on the mirror's directory, and on its parent */
	struct err
		failed; /* why the last check gave no new state: reported once, not at each try */
};

#define RELOAD_INIT                                                                                \
	{                                                                                          \
		.notify = -1, .watches = { -1, -1 }, .lock = PTHREAD_MUTEX_INITIALIZER             \
	}

/* Loads the first state. Fails as state_load() does. */
int reload_init(struct reload *r, const struct state_source *from, struct err *err);
void reload_release(struct reload *r);

/* Loads the state again when index.json has changed, or in any case; true when there is a new one.
 * A failure is reported on stderr. */
bool reload_check(struct reload *r, bool in_any_case);

/* Gives the current state, with a reference, to a thread that has a reference to `have` (or NULL),
 * and drops that one. Costs one load from memory when nothing has changed. */
struct state *reload_latest(struct reload *r, struct state *have);

#endif
