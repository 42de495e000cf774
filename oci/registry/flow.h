/*
 * flow - how fast the bodies of answers are read: max-rate= of a registry, and --max-rate of the
 * run, shared by all transfers.
 *
 * Each transfer is a reader. When it has read and a limit is exceeded, it is held: nothing more is
 * read from its connection, so its server waits. Held readers stand in a line and go on one after
 * the other, each with one piece, when its piece is paid for; so all get the same share. Time in
 * which a transfer is held counts against no limit of time (oci/http/http.h).
 *
 *	flow_begin()	before a transfer is sent
 *	flow_take()	bytes of its body have come; may hold it
 *	flow_pump()	in each turn of the loop: the first in the line go on
 *	flow_end()	the transfer has ended
 */
#ifndef OCI_REGISTRY_FLOW_H
#define OCI_REGISTRY_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/registry/bucket.h"

struct http_call;

struct flow_reader {
	struct http_call *call;
	struct bucket *own; /* of its registry */
	bool is_held;
	int64_t granted;                 /* bytes that are paid for and have not come yet */
	struct flow_reader *prev, *next; /* in the line */
};

struct flow {
	struct bucket all;                            /* of the run */
	int64_t piece;                                /* bytes that a reader goes on with */
	void (*hold)(struct http_call *c, bool hold); /* http_hold() */
	struct flow_reader *first, *last;             /* the line */
};

/* The most bytes read at once under a limit: small enough that a server is not kept waiting long
 * for its next turn; 0: there is no limit. */
long flow_piece(const struct unit_rate *lowest);

/* `rate` is that of the run; piece is set by the caller. */
void flow_init(struct flow *f, const struct unit_rate *rate,
	       void (*hold)(struct http_call *c, bool hold));
/* A bucket of bytes. */
void flow_limit(struct bucket *b, const struct unit_rate *rate);

/* call and own are lent until flow_end(). */
void flow_begin(struct flow_reader *r, struct http_call *call, struct bucket *own);
void flow_take(struct flow *f, struct flow_reader *r, size_t n, int64_t now);
void flow_pump(struct flow *f, int64_t now);
/* When the next reader may go on (clock_now()); INT64_MAX: none is held. */
int64_t flow_wakes_at(const struct flow *f);
void flow_end(struct flow *f, struct flow_reader *r, int64_t now);

#endif
