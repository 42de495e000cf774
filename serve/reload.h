/*
 * reload - keeps the state that is served the one on disk.
 *
 * index.json is looked at when inotify says so, and every few seconds all the same (a network file
 * system tells nothing). A file that cannot be read as an index, since another tool is half-way
 * through writing it or it is broken, changes nothing: what was served is served on.
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
	pthread_mutex_t lock; /* between taking a reference and replacing the state */
	struct state *_Atomic state;
	struct stat seen;  /* index.json, as it was looked at last */
	int notify;        /* inotify: readable when something may have changed; or -1 */
	int watches[2];    /* on the mirror's directory, and on the one it is in */
	struct err failed; /* why the last look gave no new state: said once, not at each try */
};

#define RELOAD_INIT                                                                                \
	{                                                                                          \
		.notify = -1, .watches = { -1, -1 }, .lock = PTHREAD_MUTEX_INITIALIZER             \
	}

/* Loads the first state. */
int reload_init(struct reload *r, const struct state_source *from, struct err *err);
void reload_release(struct reload *r);

/* Loads again when index.json has changed, or in any case; true when there is a new state. */
bool reload_check(struct reload *r, bool in_any_case);

/* For a thread that has a reference to `have` (or NULL): the current state, with the reference moved to
 * it. Costs one load from memory when nothing has changed. */
struct state *reload_latest(struct reload *r, struct state *have);

#endif
