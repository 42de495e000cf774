/*
 * ready - whether a load balancer may send requests here.
 *
 * A server is ready unless it drains (SIGTERM came), or the index.json on disk cannot be read, so
 * that it serves an older generation than another replica.
 */
#ifndef SERVE_READY_H
#define SERVE_READY_H

struct exchange;
struct server;

/* Why it is not ready, in words; NULL when it is. Safe from any thread. */
const char *ready_why_not(const struct server *s);

/* Queues 200, or 503 with the reason, for this server. */
void ready_reply(struct exchange *x, const struct server *s);

#endif
