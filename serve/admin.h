/*
 * admin - what --admin serves, on a listener and a thread of its own, so that it answers while the
 * workers are busy or have no connection left:
 *
 *	/metrics	counters of all workers and facts about the mirror, for Prometheus
 *	/healthz	200 while the process runs
 *	/readyz, /	200, or 503 while it drains or index.json cannot be read (ready.h)
 *
 * Nothing here tells names of repositories, users or clients.
 */
#ifndef SERVE_ADMIN_H
#define SERVE_ADMIN_H

#include <stddef.h>

#include "serve/mirror_facts.h"

struct exchange;
struct server;
struct worker;

struct admin {
	struct server *served;        /* the server that it tells about */
	const struct worker *workers; /* of it */
	size_t n;
	struct mirror_facts facts;
};

/* served and mirror are lent; workers and n are set before anything is answered. */
void admin_init(struct admin *a, struct server *served, const char *mirror);
void admin_release(struct admin *a);

/* Queues the reply to x, whose server has an admin. */
void admin_answer(struct exchange *x);

#endif
