/*
 * request_queue - the requests of an endpoint: their lists, its slots, and which of them may start
 * now.
 *
 * A request is in the list of its state (enum request_state). Slots are counted per host: a
 * request has one while it is sent, waits for a token, or has its answer checked. So a blob keeps
 * its slot until it has been hashed: slow hashing slows down the requests (back-pressure).
 *
 * This module decides; oci/registry/request.c acts on it, in each turn of the loop:
 *
 *	request_queue_wake(e, now)	requests whose delay is over come to the front of the queue
 *	request_queue_next(e, now, &err) ... NULL	each is started, or fails with err
 *	request_queue_wakes_at(e)	how long the loop may sleep
 */
#ifndef OCI_REGISTRY_REQUEST_QUEUE_H
#define OCI_REGISTRY_REQUEST_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/registry/upstream.h"

struct err;

/* A request as this module sees it; the first member of struct request. */
struct queued {
	/* by the request */
	int64_t not_before;   /* clock_now() before which one that is DELAYED is not sent */
	bool pull;            /* counts against the upstream's quota */
	unsigned long number; /* no other request of the run has it */

	/* by this module, to be read by the request */
	struct endpoint *endpoint; /* in whose lists it is */
	enum request_state state;

	/* by this module alone */
	struct queued *prev, *next;
	bool counted; /* among the pulls under way to its host */
	bool heard;   /* headers have come since it has its slot */
};

/* Puts a request that is in no list to the end of an endpoint's queue. */
void request_queue_enter(struct queued *q, struct endpoint *e);
/* To the end of another list of its endpoint, or, with REQUEST_IDLE, out of all; takes or frees
 * its slot. */
void request_queue_move(struct queued *q, enum request_state state);
/* To the front of the queue. */
void request_queue_move_first(struct queued *q);

/* The headers of an answer to it have come. */
void request_queue_heard(struct queued *q);

/* Delayed requests whose time has come go to the front of the queue. */
void request_queue_wake(struct endpoint *e, int64_t now);

/* Calls act() for each request that is in a list now; act() may move or end that one request. */
void request_queue_each(struct endpoint *e, enum request_state state,
			void (*act)(struct queued *q));

/*
 * The next request that may start now, or NULL. It stays in the queue; the caller moves it. After a
 * failure it is the last one that has not failed, where there is one: a neighbour of the one that
 * failed is more often of the same image or repository. When
 * the quota of its host leaves nothing for it and the program does not wait for quotas, *refused
 * says so (LIMIT), and the request must fail; otherwise refused->kind is ERR_NONE. A request that
 * waits for the quota becomes DELAYED here.
 */
struct queued *request_queue_next(struct endpoint *e, int64_t now, struct err *refused);

/* Whether the endpoint has any request at all. */
bool request_queue_pending(const struct endpoint *e);
/* When the next request may start as far as time alone decides (clock_now()); INT64_MAX: only
 * after another event. */
int64_t request_queue_wakes_at(const struct endpoint *e);

#endif
