/*
 * misses - what clients asked for and that is not here, for --record-misses FILE.
 *
 * The list (oci/store/miss_list.h) belongs to the main thread. Workers put requests into a queue,
 * under a lock that only requests for something missing take; an answer with content never does.
 * The queue has LIMIT_MISS_QUEUE places, and one address gets at most LIMIT_MISS_QUEUE_ONE of them
 * between two turns of the main thread (two seconds); what finds no place is not counted.
 *
 *	misses_init()	main thread, before workers start: reads the file that an earlier run wrote
 *	misses_note()	any thread
 *	misses_turn()	main thread: takes the queue, and writes the file, once a minute at most
 *	misses_release()	main thread, at the end: writes the file
 *
 * The file is replaced as a whole. One that cannot be written is told once, and tried again.
 */
#ifndef SERVE_MISSES_H
#define SERVE_MISSES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/store/miss_list.h"

struct err;

/* A request that waits for the main thread. */
struct missed {
	char *ref; /* owned */
	char address[48];
	char agent[LIMIT_MISS_AGENT + 1]; /* its product */
	bool ns;
};

struct misses {
	const char *path; /* lent; NULL: nothing is recorded */
	struct miss_list list;
	int64_t next_write; /* clock_now() */
	bool changed;       /* since the file was written */
	bool told;          /* that it cannot be written */
	/* the queue, under the lock */
	pthread_mutex_t lock;
	struct missed *queue;
	size_t n;
	uint8_t of_share[MISS_SHARES];
};

#define MISSES_INIT                                                                                \
	{                                                                                          \
		.path = NULL                                                                       \
	}

/* With path NULL nothing is recorded, and all calls do nothing. INVALID or IO when the file is
 * there and is no list of misses, or cannot be written: it is left as it is. */
int misses_init(struct misses *m, const char *path, struct err *err);
void misses_release(struct misses *m);

/* Whether misses_note() does anything. */
static inline bool misses_are_recorded(const struct misses *m)
{
	return m && m->path;
}

/* A request for ref, which is canonical and which this copies. */
void misses_note(struct misses *m, const char *ref, const char *address, struct span agent,
		 bool ns);

/* Takes what waits. Writes the file when it is a minute old, or `now` and something has changed. */
void misses_turn(struct misses *m, bool now);

#endif
