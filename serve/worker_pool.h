/*
 * worker_pool - runs the workers; meanwhile the main thread handles signals and reloads.
 */
#ifndef SERVE_WORKER_POOL_H
#define SERVE_WORKER_POOL_H

struct err;
struct server;

/* Serves with that many threads until SIGTERM or SIGINT; prints where on stdout when it is
 * ready. Meanwhile one more thread serves `admin`, if it is not NULL. Gives 0 once all replies are
 * sent, or -1 with IO when it could not start. */
int worker_pool_run(struct server *s, int threads, struct server *admin, struct err *err);

#endif
