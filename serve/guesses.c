#include "serve/guesses.h"

#include "oci/base/clock.h"

#define COUNT_ENDS  (600 * CLOCK_SEC)
#define FIRST_PAUSE 5
#define PAUSE_MAX   60
#define DOUBLINGS   4 /* after so many, the pause is PAUSE_MAX */

void guesses_count(struct guesses *g, bool right, int64_t now)
{
	unsigned over;

	if (right || now - g->last > COUNT_ENDS)
		*g = (struct guesses){ .wrong = 0 };
	if (right)
		return;
	g->last = now;
	if (++g->wrong < GUESSES_FREE)
		return;
	over = g->wrong - GUESSES_FREE;
	g->earliest = now + (over < DOUBLINGS ? FIRST_PAUSE << over : PAUSE_MAX) * CLOCK_SEC;
}

bool guesses_allow(const struct guesses *g, int64_t now)
{
	return now >= g->earliest;
}
