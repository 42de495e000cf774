/*
 * attempt - how an attempt of a request ends: it has succeeded, another one may succeed, or its
 * endpoint cannot help.
 */
#ifndef OCI_REGISTRY_ATTEMPT_H
#define OCI_REGISTRY_ATTEMPT_H

#include <stdint.h>

#include "oci/registry/request_types.h"

/* The throttle of the host that r is sent to: the registry, or the storage that it redirects to. */
struct throttle *attempt_throttle(const struct request *r);
/* Progress has been made: failures and refusals are counted anew. */
void attempt_progress(struct request *r);

/* Queues r at the endpoint that it is at, which has not been asked yet. */
void attempt_enter(struct request *r);

/* The request has what was asked for: its verb reports the outcome. */
void attempt_succeed(struct request *r);
/* The endpoint cannot help: r goes to the queue of the next one, which may, unless this machine is
 * at fault. Where there is none, the verb reports the error. */
void attempt_fail(struct request *r, const struct err *why);
/* The host that r is sent to has just been given up: the program is told, unless attempt_fail(),
 * which comes next, tells that the next endpoint is asked instead. */
void attempt_tell_given_up(struct request *r);
/* Another attempt may succeed: `tries` of them at most, the next after so many nanoseconds (-1: the
 * throttle decides). None is made when the budget of r is used up. */
void attempt_again(struct request *r, enum throttle_fault fault, int64_t after, unsigned tries,
		   const struct err *why);

#endif
