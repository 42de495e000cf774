/*
 * request - one thing asked of an upstream, until it is answered or given up.
 *
 * A verb (pull_blob, pull_tags, ...) fills in a struct request and submits it. The request waits
 * for a slot of an endpoint, and for a token where the registry wants one; it is sent, follows
 * redirects, answers challenges, and is sent again after failures that may pass. When an endpoint
 * cannot help, it goes to the upstream's next one. At the end report_outcome() is called, once.
 * The states and events are listed at the top of request.c; which request may start is decided by
 * oci/registry/request_queue.h.
 *
 * All calls to the verb come from request_pump(), request_stop() or http_turn().
 */
#ifndef OCI_REGISTRY_REQUEST_H
#define OCI_REGISTRY_REQUEST_H

#include "oci/registry/request_types.h"

/* Queues r, whose verb's members are set and all others zero, at the first endpoint of `up`. A
 * verb may submit its request again from report_outcome(), also to another upstream. */
void request_submit(struct upstream *up, struct request *r);
/* Frees what this module holds of r, and `path`; for report_outcome(). */
void request_release(struct request *r);

/* The value of a header of the response, lent; p is NULL when there is none. */
struct span request_header(const struct request *r, const char *name);

/* What an endpoint has to do in a turn of the loop: starts requests, wakes those that waited. */
void request_pump(struct endpoint *e, int64_t now);
/* Ends all requests of an endpoint with err. */
void request_stop(struct endpoint *e, const struct err *err);

#endif
