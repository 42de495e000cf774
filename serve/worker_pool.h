/*
 * worker_pool - runs the workers, and what the main thread does meanwhile: signals and reloads.
 */
#ifndef SERVE_WORKER_POOL_H
#define SERVE_WORKER_POOL_H

struct err;
struct server;

/* Serves until SIGTERM or SIGINT, with so many threads; says on stdout when it is ready. Gives 0 once
 * everything under way is finished, or -1 with IO when it could not begin. */
int worker_pool_run(struct server *s, int threads, const char *url, struct err *err);

#endif
