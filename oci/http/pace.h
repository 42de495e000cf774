/*
 * pace - whether a body comes fast enough: the least number of bytes in each window of time.
 *
 * Decisions only: the time is what the caller counts, so a pause of its own does not count when the
 * caller leaves it out. One struct pace may go with several transfers, one after the other: a blob
 * that is resumed again and again is judged as one, so an upstream gains nothing by closing the
 * connection shortly before a window ends.
 */
#ifndef OCI_HTTP_PACE_H
#define OCI_HTTP_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct pace {
	int64_t least;          /* bytes that must come in a window */
	int64_t window;         /* nanoseconds */
	int64_t elapsed, bytes; /* of the present window */
	unsigned slow;          /* windows in a row in which less came */
};

/* `rate` bytes a second, over windows of so many seconds. */
void pace_init(struct pace *p, int64_t rate, long seconds);
/* n bytes have come. */
void pace_add(struct pace *p, size_t n);
/* So many nanoseconds have passed. True when a window ends with them in which less came than the
 * least; p->slow then counts it. A window in which enough came sets p->slow to 0. */
bool pace_pass(struct pace *p, int64_t nanoseconds);
/* Sets err (NET) for a window in which too little came. Gives -1. */
int pace_error(const struct pace *p, struct err *err);

#endif
