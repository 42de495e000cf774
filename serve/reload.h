/*
 * reload - loads the state again when index.json has changed.
 *
 * A worker looks at index.json after it has read a request and before it answers (one stat). When
 * the file is another one, the request waits until the new state is loaded, and so does every other
 * request: once a publisher has returned, nothing is answered from the generation before.
 *
 * The main thread looks too: when inotify reports a change (also of a file that was rewritten in
 * place and seems the same), and every few seconds (network file systems report nothing, and their
 * attribute cache decides how soon a look sees a change). A file that cannot be read as an index,
 * because another tool has written only half of it or it is broken, changes nothing: the previous
 * state stays.
 */
#ifndef SERVE_RELOAD_H
#define SERVE_RELOAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "oci/base/err.h"
#include "serve/state_load.h"

struct state;

struct reload {
	struct state_source from;
	/* held while a reference is taken, and while the state is loaded and replaced */
	pthread_mutex_t lock;
	struct state *_Atomic state;
	struct stat seen;      /* index.json when it was loaded last, or found to be bad */
	atomic_ulong loads;    /* states that were loaded since the first; read by any thread */
	unsigned long checked; /* of them, at the last reload_check() */
	bool looked;           /* the files of the first state's manifests were looked for */
	int notify;            /* inotify: readable when something may have changed; or -1 */
	int watches[2];        /* on the mirror's directory, and on its parent */
	struct err
		failed; /* why the last check gave no new state: reported once, not at each try */
	/* for any thread: index.json on disk is not what is served, since it is missing or cannot
	 * be read; how often loading it failed */
	atomic_bool bad;
	atomic_ulong failures;
};

#define RELOAD_INIT                                                                                \
	{                                                                                          \
		.notify = -1, .watches = { -1, -1 }, .lock = PTHREAD_MUTEX_INITIALIZER             \
	}

/* Loads the first state. Fails as state_load() does. */
int reload_init(struct reload *r, const struct state_source *from, struct err *err);
void reload_release(struct reload *r);

/* Loads the state again when index.json has changed, or in any case; true when there is a new one
 * since the last call, whoever has loaded it. A failure is reported on stderr. */
bool reload_check(struct reload *r, bool in_any_case);

/* Looks at index.json, and loads the state again when it has changed; for workers. */
void reload_look(struct reload *r, const struct state *have);

/* Gives the current state, with a reference, to a thread that has a reference to `have` (or NULL),
 * and drops that one. Costs one load from memory when nothing has changed. */
struct state *reload_latest(struct reload *r, struct state *have);

#endif
