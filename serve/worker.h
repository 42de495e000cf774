/*
 * worker - a thread with an epoll: it accepts, and serves its connections until they end.
 *
 * All workers wait on the one listening socket (EPOLLEXCLUSIVE: a new connection wakes one of them).
 * They share nothing they write to but the count of connections and, while a manifest is first used,
 * its bytes. A worker keeps a reference to the current state and looks for a newer one each time it
 * wakes up.
 */
#ifndef SERVE_WORKER_H
#define SERVE_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "oci/base/buf.h"
#include "serve/reply.h"

struct conn;
struct server;
struct state;

struct worker {
	struct server *server;
	struct state *state;
	pthread_t thread;
	int epoll;
	int wake;       /* an eventfd: look at the state, and at whether to stop */
	int done;       /* an eventfd of the server's: written to when this worker has ended */
	bool accepting; /* the listener is in epoll */
	struct conn *conns;
	struct buf log; /* lines for the access log */
	int64_t now;    /* clock_now() of this turn */
	int64_t next_expiry;
	time_t common_at; /* the second for which `common` was written */
	size_t ncommon;
	char common[REPLY_COMMON];
};

/* Starts the thread. Gives -1 with IO. */
struct err;
int worker_start(struct worker *w, struct server *s, int done, struct err *err);
/* Makes it look at the server's state and its stopping flag. Safe from any thread. */
void worker_wake(const struct worker *w);
/* Waits for its end; it ends by itself once the server is stopping and its replies are sent. */
void worker_join(struct worker *w);

/* Writes a line of the access log, if there is one. */
void worker_log(struct worker *w, const struct conn *c);

#endif
