/*
 * time_limit - how long a transfer may take: until its headers are whole, until all of it is, and
 * without anything that comes.
 */
#ifndef OCI_HTTP_TIME_LIMIT_H
#define OCI_HTTP_TIME_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct net_options;

/* Times are nanoseconds by a clock that stands while we ourselves hold transfers up. */
struct time_limit {
	int64_t now, started;
	int64_t heard; /* when something came last; -1: it is not connected yet */
	int64_t asked; /* when the caller was asked whether the body is enough */
	bool answered; /* the headers are whole */
	long seconds;  /* for all of it; 0: as long as something comes */
};

/* Whether a limit is over; then *err says which. The limits are those of oci/base/limits.h, or
 * shorter ones of the options. */
bool time_limit_is_over(const struct time_limit *t, const struct net_options *o, struct err *err);

/* Whether the caller is to be asked now if what has come of the body is enough. */
bool time_limit_asks(const struct time_limit *t, const struct net_options *o);

#endif
