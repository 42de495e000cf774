/*
 * metrics - what a worker counts about the requests it answers.
 *
 * Each worker has a struct metrics of its own and is the only thread that writes to it, so counting
 * costs no locked operation and no cache line that another worker writes. The listener of --admin
 * (admin.h) reads them all while they are counted, and adds them up: a sum may be some requests
 * older than another, and never goes back.
 *
 *	metrics_request(m, kind, status)	a reply is queued: from now on it is in flight
 *	metrics_client(m, kind, ns)		the same reply, when it is about a repository
 *	metrics_sent(m, bytes)			the socket took so many bytes
 *	metrics_finished(m, n, took)		n replies were sent, or cannot be sent any more
 *	metrics_refused(m, why, n)		n connections or requests were turned away
 *	metrics_write(b, v, n)			n of them, added up, for Prometheus
 */
#ifndef SERVE_METRICS_H
#define SERVE_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/store/client_kind.h"
#include "serve/reply.h"
#include "serve/route.h"

struct buf;

/*
 * Why a connection or a request was turned away: ROW(enumerator, label, words for the log).
 */
#define REFUSALS(ROW)                                                                              \
	ROW(REFUSED_HEAD, "header-time", "a head did not arrive within --limit header-time=")      \
	ROW(REFUSED_STALLED, "stalled", "a client took no byte of a reply for a minute")           \
	ROW(REFUSED_ROOM, "make-room",                                                             \
	    "closed, as the oldest idle connection, to make room for others")                      \
	ROW(REFUSED_ADDRESS_ROOM, "per-address-room",                                              \
	    "closed, as the oldest idle connection of an address with more than --limit "          \
	    "per-address=")                                                                        \
	ROW(REFUSED_ADDRESS, "per-address",                                                        \
	    "refused, since its address has as many connections as --limit per-address= allows")   \
	ROW(REFUSED_RATE, "requests-per-second",                                                   \
	    "answered 429, since its address asks more often than --limit requests-per-second= "   \
	    "allows")                                                                              \
	ROW(REFUSED_FILE, "read-error", "cut off, since the file of its blob could not be read")   \
	ROW(REFUSED_MEMORY, "memory", "closed, since there was no memory for its connection")      \
	ROW(REFUSED_DRAIN, "drain", "cut off, since --limit drain= has passed after SIGTERM")      \
	ROW(REFUSED_UNREADABLE, "unreadable", "refused, since it was no HTTP/1.1 request")

#define REFUSED_ENUMERATOR(why, label, words) why,
enum refused { REFUSALS(REFUSED_ENUMERATOR) };
#undef REFUSED_ENUMERATOR
#define REFUSED_ONE(why, label, words) +1
#define REFUSED_KINDS                  (0 REFUSALS(REFUSED_ONE))

/* Upper ends of the buckets of the histogram of times, in seconds: BUCKET(text, nanoseconds). */
#define METRICS_BUCKETS(BUCKET)                                                                    \
	BUCKET("0.0005", 500000)                                                                   \
	BUCKET("0.001", 1000000)                                                                   \
	BUCKET("0.005", 5000000)                                                                   \
	BUCKET("0.01", 10000000)                                                                   \
	BUCKET("0.05", 50000000)                                                                   \
	BUCKET("0.1", 100000000)                                                                   \
	BUCKET("0.5", 500000000)                                                                   \
	BUCKET("1", 1000000000)                                                                    \
	BUCKET("5", 5000000000)                                                                    \
	BUCKET("30", 30000000000)                                                                  \
	BUCKET("300", 300000000000)

#define METRICS_ONE(text, ns) +1
#define METRICS_NBUCKETS      (0 METRICS_BUCKETS(METRICS_ONE))

struct metrics {
	_Atomic uint64_t requests[ROUTE_KINDS][REPLY_STATUSES];
	/* requests about repositories, without and with a namespace (?ns=, Host) */
	_Atomic uint64_t clients[CLIENT_NKINDS][2];
	_Atomic uint64_t begun, finished; /* replies; the difference is in flight */
	_Atomic uint64_t sent;            /* bytes */
	_Atomic uint64_t refused[REFUSED_KINDS];
	_Atomic uint64_t took[METRICS_NBUCKETS + 1]; /* replies; the last one has no upper end */
	_Atomic uint64_t took_ns;                    /* of all of them together */
};

void metrics_request(struct metrics *m, enum route_kind kind, int status);
void metrics_client(struct metrics *m, enum client_kind kind, bool ns);
void metrics_sent(struct metrics *m, uint64_t bytes);
/* took: nanoseconds from the arrival of the request to its last byte, of each of the n replies. */
void metrics_finished(struct metrics *m, unsigned n, int64_t took);
void metrics_refused(struct metrics *m, enum refused why, uint64_t n);

/* Appends the sums of n workers' counters in Prometheus' text format, version 0.0.4. */
void metrics_write(struct buf *b, const struct metrics *const *v, size_t n);

/* What begins a metric: its name, its type and what it is. */
void metrics_family(struct buf *b, const char *name, const char *type, const char *help);
/* The same, and its only value. */
void metrics_gauge(struct buf *b, const char *name, const char *help, int64_t value);

#endif
