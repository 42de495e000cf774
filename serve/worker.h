/*
 * worker - a thread with an epoll, which accepts connections and serves them until they end.
 *
 * All workers wait on every listening socket (EPOLLEXCLUSIVE: a new connection wakes one of
 * them). The only data that several of them write are the counts of connections and the cache of
 * manifests. A worker keeps a reference to the current state. It takes a newer one each time it
 * wakes up, and looks at index.json itself when it has read a request (reload.h).
 */
#ifndef SERVE_WORKER_H
#define SERVE_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "serve/access_log.h"
#include "serve/conn.h"
#include "serve/metrics.h"
#include "serve/reply.h"

struct access_files;
struct epoll_event;
struct err;
struct server;
struct state;

struct worker {
	struct server *server;
	struct state *state;         /* with a reference */
	struct access_files *access; /* the same, or NULL */
	int nwaiting;                /* connections that wait for a password */
	pthread_t thread;
	int epoll;
	int wake;       /* an eventfd: look at the state, and at whether to stop */
	int done;       /* an eventfd of the worker pool, written to when this worker ends, or -1 */
	bool accepting; /* the listeners are in epoll */
	struct conn *conns, *oldest; /* of those that are idle, the ones that came last are first */
	struct epoll_event *events;  /* what epoll has reported, while it is handled */
	int nevents;
	struct access_log log;
	struct metrics metrics;
	struct conn_turn turn; /* what its connections see of all this */
	int64_t next_expiry;   /* when deadlines are looked at again; clock_now() */
	time_t common_at;      /* the second for which `common` was written */
	char common[REPLY_COMMON];
};

/* Starts the thread. Gives -1 with IO, and then nothing of *w is to be released. */
int worker_start(struct worker *w, struct server *s, int done, struct err *err);
/* Makes it look at the server's state and its stopping flag. Safe from any thread. */
void worker_wake(const struct worker *w);
/* Waits for its end, and releases it. It ends by itself once the server is stopping and its replies
 * are sent. */
void worker_join(struct worker *w);

#endif
