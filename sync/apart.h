/*
 * apart - work done in a process of its own, for libraries that wait without end and cannot be told to stop.
 *
 * The work gives signs of life; when none came for a while, or when a signal asks us to stop, its process is
 * killed, and all it had open goes with it. It dies with us, too. What it leaves is what it wrote to disk, and one
 * struct err.
 */
#ifndef SYNC_APART_H
#define SYNC_APART_H

#include <signal.h>

struct err;

struct apart {
	int life; /* for apart_alive() */
	void *arg;
};

struct apart_limits {
	long silence_ms;                   /* between two signs of life */
	const volatile sig_atomic_t *stop; /* set by a signal handler; or NULL */
};

/* Runs work(): 0, or -1 with the err that work() left, or NET when it was silent for too long, or USAGE
 * when stopped. To be called before any thread is started. */
int apart_run(int (*work)(struct apart *a, struct err *err), void *arg,
	      const struct apart_limits *limits, struct err *err);

/* By the work: something moved. May be called as often as one likes. */
void apart_alive(struct apart *a);

#endif
