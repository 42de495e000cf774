/*
 * refused_log - lines on stderr about what was turned away, at most one a second for each reason:
 * a client that is refused a thousand times must not fill the log.
 */
#ifndef SERVE_REFUSED_LOG_H
#define SERVE_REFUSED_LOG_H

#include <stdint.h>

#include "serve/metrics.h"

/* n connections or requests were refused for that reason; peer is the last one's address. The next
 * line tells how many were left out. Safe from any thread. */
void refused_log_add(enum refused why, unsigned n, const char *peer, int64_t now);

#endif
