/*
 * guesses - wrong passwords of one name, counted; how long a further one has to wait.
 *
 * GUESSES_FREE wrong ones cost nothing. From then on each is followed by a pause: 5 seconds, then
 * twice as long each time, up to a minute. A right one, or ten minutes without a wrong one, ends
 * the count. Times are clock_now().
 */
#ifndef SERVE_GUESSES_H
#define SERVE_GUESSES_H

#include <stdbool.h>
#include <stdint.h>

#define GUESSES_FREE 5

struct guesses {
	unsigned wrong;
	int64_t last;     /* when the last wrong one was found out */
	int64_t earliest; /* when the next one may be looked at */
};

/* A password was looked at. */
void guesses_count(struct guesses *g, bool right, int64_t now);

/* Whether a password may be looked at now. */
bool guesses_allow(const struct guesses *g, int64_t now);

#endif
