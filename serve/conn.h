/*
 * conn - one client's connection: one fixed block of memory, from accept to close.
 *
 * A connection is in one state at a time and waits for one thing:
 *
 *	CONN_HANDSHAKE	TLS begins; waits for the client's part of it
 *	CONN_IDLE	no request has begun; waits for one, until the keep-alive time ends
 *	CONN_READING	part of a head, or of a body to be skipped, has arrived; waits for the rest
 *	CONN_CHECKING	the next request is here, and waits until a password that it came with is
 *			hashed (serve/password_check.h); nothing is read meanwhile
 *	CONN_SENDING	replies are queued; waits until the socket can be written
 *	CONN_CLOSING	the last reply is sent; bytes that still arrive are thrown away until the
 *			client closes: closing on unread bytes may destroy the reply on its way
 *			(RFC 9112, 9.6)
 *
 * A connection for TLS is idle until its first byte comes, which tells TLS from plain HTTP; the
 * latter is answered 400, in words, and so is TLS on a listener for plain HTTP.
 *
 * Requests that arrive together are answered together, in their order (RFC 9112, 9.3.2).
 */
#ifndef SERVE_CONN_H
#define SERVE_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "serve/access_log.h"
#include "serve/out.h"

struct access_files;
struct address_count;
struct metrics;
struct server;
struct state;
struct worker;

/* What a worker lends its connections for one turn of its loop. */
struct conn_turn {
	const struct server *server;
	/* the current one, after look(worker), which is called when bytes of a request have been
	 * read; a connection that needs it longer pins it */
	struct state *state;
	void (*look)(struct worker *worker);
	struct worker *worker;
	struct span common;                /* lines that every head has, from reply_common() */
	const struct access_files *access; /* as they are now, or NULL */
	int wake;                          /* the worker's eventfd */
	struct access_log *log;            /* of this worker */
	struct metrics *metrics;
	int64_t now; /* clock_now() */
};

enum conn_state {
	CONN_IDLE,
	CONN_HANDSHAKE,
	CONN_READING,
	CONN_CHECKING,
	CONN_SENDING,
	CONN_CLOSING,
};

struct conn {
	int fd;
	struct tls_conn *tls; /* or NULL */
	enum conn_state state;
	struct conn *previous, *next; /* of the worker's */
	int64_t deadline;             /* when it is closed if nothing happens; clock_now() */
	struct state *pinned;         /* lends memory to replies that are CONN_SENDING, or NULL */
	int64_t skip;                 /* bytes of a body still to be skipped */
	bool secure;                  /* it came from a listener for TLS */
	bool misdirected;             /* ... and speaks plain HTTP */
	bool writing;                 /* registered for writing, not for reading */
	bool waiting;                 /* registered for nothing: it is CONN_CHECKING */
	bool last;                    /* no request is read after what is queued */
	bool lingers;                 /* closes by way of CONN_CLOSING */
	bool logs;                    /* `line` is written when the file is sent */
	unsigned pending;             /* replies that are queued and not all sent ... */
	int64_t asked;                /* ... and when the first of them was read; clock_now() */
	struct access_log_line line;
	/* positions in `in`: start and end of the unread bytes; how far a head was searched for its
	 * end */
	size_t at, n, seen;
	char peer[ACCESS_LOG_PEER];   /* the other end of the socket */
	char client[ACCESS_LOG_PEER]; /* whose the last request was: peer, or whom a proxy named */
	bool proxied;                 /* peer is a trusted proxy */
	struct address_count *count;  /* of peer, or NULL: address_counts.h */
	bool counted_idle;            /* ... among those that are idle */
	bool allowed; /* the request that is read next has been counted for its rate */
	bool refused; /* it has no place: each request is answered 429 */
	struct out out;
	char in[LIMIT_REQUEST_HEAD];
};

/* Takes fd, a non-blocking socket; `secure`: from a listener for TLS. The caller sets the deadline.
 * NULL when there is no memory for it: then fd stays the caller's. */
struct conn *conn_new(int fd, bool secure);
/* Closes it; a reply that was under way is logged and counted as far as it was sent. */
void conn_free(struct conn *c, const struct conn_turn *turn);

/* What the worker does next with a connection. */
enum conn_next { CONN_READ, CONN_WRITE, CONN_WAIT, CONN_CLOSE };

/* The socket can be read, or written: does what can be done now. TLS may have to write in order to
 * read. */
enum conn_next conn_readable(struct conn *c, const struct conn_turn *turn);
enum conn_next conn_writable(struct conn *c, const struct conn_turn *turn);
/* It is CONN_CHECKING, and its password may be known now. */
enum conn_next conn_checked(struct conn *c, const struct conn_turn *turn);

#endif
