/*
 * listen - the listening sockets, and how many connections are accepted on all of them.
 *
 * A listener is an address, "127.0.0.1:5000", "[::1]:0", "localhost:5000"; a socket in the file
 * system, "unix:/run/mirror.sock" (unix_socket.h); or a socket that systemd opened and passed on
 * (systemd.h).
 *
 *	listen_open_all(&set, texts, n, &err)	--listen
 *	listen_adopt(&set, fd, &err)		each socket that was passed on
 *	listen_accept(), listen_release()	a connection, from any thread
 *	listen_stop()				no more connections
 *	listen_set_release()
 *
 * All workers accept on each listener: one socket an address, and not one a worker, since closing
 * one of several SO_REUSEPORT sockets resets the connections in its queue. A connection counts from
 * listen_accept() to listen_release().
 */
#ifndef SERVE_LISTEN_H
#define SERVE_LISTEN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "serve/access_log.h"
#include "serve/unix_socket.h"

struct err;

#define LISTEN_MAX 32
/* Room for "https://[an IPv6 address]:65535", or "unix:" and a path. */
#define LISTEN_URL (UNIX_SOCKET_PATH + 9)

struct listener {
	int fd;
	bool secure;    /* its connections speak TLS */
	bool inherited; /* systemd's: it stays open there, so its queue is for our successor */
	struct unix_socket file; /* of a socket that we made in the file system */
	char url[LISTEN_URL];    /* "https://127.0.0.1:5000", "unix:/run/mirror.sock" */
};

struct listen_set {
	bool secure; /* given: listeners at addresses are for TLS; those in files stay plain */
	struct listener v[LISTEN_MAX];
	size_t n;
	int max; /* connections at a time, of all listeners */
	atomic_int connections;
};

/* Opens a non-blocking socket for each text and adds it to the set; port 0 picks a free one.
 * "0.0.0.0:P" beside "[::]:P" is possible: the latter then takes IPv6 only. -1: USAGE when a text
 * is neither ADDR:PORT nor unix:PATH, IO when an address cannot be used. */
int listen_open_all(struct listen_set *s, const char *const *texts, size_t n, struct err *err);

/* Adds a socket that was passed on to us, and takes it. -1 with IO when it is not a stream socket
 * that listens. */
int listen_adopt(struct listen_set *s, int fd, struct err *err);

/* Closes the listeners, and removes the files of their sockets. */
void listen_set_release(struct listen_set *s);

/* Whether a pointer points to one of the set's listeners. */
bool listen_has(const struct listen_set *s, const void *p);

/* Accepts a connection that waits, and writes its client's address into peer ("unix:" without one).
 * Gives a non-blocking descriptor, or -1 with errno. */
int listen_accept(struct listen_set *s, const struct listener *l,
		  char peer[static ACCESS_LOG_PEER]);
/* Ends accepting, for all threads. An inherited socket is left as it is. */
void listen_stop(const struct listener *l);
/* Whether no more connections may be accepted now. */
bool listen_is_full(struct listen_set *s);
/* Whether so many are open that the oldest idle ones have to make room. */
bool listen_is_nearly_full(struct listen_set *s);
/* A connection has been closed. */
void listen_release(struct listen_set *s);

#endif
