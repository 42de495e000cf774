/*
 * address_counts - how many connections each address has open, for --limit per-address=.
 *
 * Shared by all workers. An address is counted under its key (address_key.h) while it has a
 * connection, so that the memory is bounded by --limit connections=. What a worker does at the
 * limit (worker.c, take_place()):
 *
 *	ADDRESS_PLACE	the connection has its place
 *	ADDRESS_IDLE	... while an idle one of the same address goes: address_count_is_over() is
 *			true until one is closed. The idle ones of another worker go within a second
 *	ADDRESS_REFUSED	there is no idle one: each request on it is answered 429, and it is closed
 *	ADDRESS_CLOSED	as many wait for a 429: it is closed at once
 *
 *	place = address_counts_enter(&counts, peer, &count)
 *	address_count_idle(count, 1), address_count_idle(count, -1)
 *	address_counts_leave(&counts, count, refused)
 *
 * An address has at most 2 N connections with a place, N of them idle ones that are about to go,
 * and N that wait for a 429.
 */
#ifndef SERVE_ADDRESS_COUNTS_H
#define SERVE_ADDRESS_COUNTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "oci/base/table.h"

struct address_count;

struct address_counts {
	pthread_mutex_t lock;
	int64_t most;       /* connections of one address; below 0: nothing is counted */
	struct table table; /* of struct address_count, by key */
};

/* Without a limit; `most` may be set before the first connection. */
#define ADDRESS_COUNTS_INIT                                                                        \
	{                                                                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER, .most = -1, .table = TABLE_INIT                 \
	}
/* Every connection has left. */
void address_counts_release(struct address_counts *a);

enum address_place { ADDRESS_PLACE, ADDRESS_IDLE, ADDRESS_REFUSED, ADDRESS_CLOSED };

/* A connection of that peer was accepted. *count is NULL when it is not counted: without a limit,
 * of a peer that has no address, and for ADDRESS_CLOSED. Otherwise it is the caller's until
 * address_counts_leave(). Safe from any thread, as all of these. */
enum address_place address_counts_enter(struct address_counts *a, const char *peer,
					struct address_count **count);
/* The connection is closed; `refused`: it was ADDRESS_REFUSED. count may be NULL. */
void address_counts_leave(struct address_counts *a, struct address_count *count, bool refused);

/* A connection with a place became idle (1), or is idle no more (-1), as before it leaves. */
void address_count_idle(struct address_count *count, int change);
/* Whether an idle connection of that address has to go. */
bool address_count_is_over(const struct address_count *count);

#endif
