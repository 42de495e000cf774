/*
 * listen - the listening socket, "127.0.0.1:5000", "[::1]:0", "localhost:5000", and how many
 * connections are accepted on it.
 *
 * All workers accept on one listener. A connection counts from listen_accept() to listen_release().
 */
#ifndef SERVE_LISTEN_H
#define SERVE_LISTEN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "serve/access_log.h"

struct err;

struct listener {
	int fd;
	int max; /* connections at a time */
	atomic_int connections;
};

/* Room for "http://[an IPv6 address]:65535". */
#define LISTEN_URL 80

/* Gives a listening, non-blocking socket, which the caller closes, and its URL (port 0 picks a free
 * one); or -1: USAGE when the text is no ADDR:PORT, IO when the address cannot be used. */
int listen_open(const char *text, char url[static LISTEN_URL], struct err *err);

/* Accepts a connection that waits, and writes its client's address into peer. Gives a non-blocking
 * descriptor, or -1 with errno. */
int listen_accept(struct listener *l, char peer[static ACCESS_LOG_PEER]);
/* Whether no more connections may be accepted now. */
bool listen_is_full(struct listener *l);
/* A connection has been closed. */
void listen_release(struct listener *l);

#endif
