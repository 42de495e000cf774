#include "oci/cli/eta.h"

#include "oci/base/clock.h"

/* Seconds: of the average of the speed; after which what is shown has come near the estimate; and
 * before which nothing is said. */
#define RATE_TIME  20.0
#define SHOWN_TIME 5.0
#define FIRST_TIME 3.0

double eta_rate(const struct eta *e)
{
	return e->weight > 0 ? e->rate / e->weight : 0;
}

static void update_rate(struct eta *e, const struct eta_work *w, double passed)
{
	double share = passed / (RATE_TIME + passed);
	double rate = (double)(w->bytes - e->bytes) / passed;

	e->rate += share * (rate - e->rate);
	e->weight += share * (1 - e->weight);
	e->bytes = w->bytes;
}

/* Seconds; -1 when nothing is known that could tell. */
static double estimate(const struct eta *e, const struct eta_work *w, int64_t now)
{
	double by_images = -1, by_bytes = -1;

	if (w->done)
		by_images = (double)(now - e->began) / CLOCK_SEC / (double)w->done *
			    (double)(w->all - w->done);
	if (w->bytes_left && eta_rate(e) > 0)
		by_bytes = (double)w->bytes_left / eta_rate(e);
	return by_images > by_bytes ? by_images : by_bytes;
}

static void move_shown(struct eta *e, double seconds, double passed)
{
	double most = e->shown + passed * (1 + 0.01 * e->shown);
	double next = e->shown > passed ? e->shown - passed : 0;

	next += (seconds - next) * passed / (SHOWN_TIME + passed);
	e->shown = next < most ? next : most;
}

void eta_update(struct eta *e, const struct eta_work *w, int64_t now)
{
	double passed = (double)(now - e->at) / CLOCK_SEC, seconds;

	if (!e->began) {
		*e = (struct eta){ .began = now, .at = now, .bytes = w->bytes };
		return;
	}
	if (passed <= 0)
		return;
	update_rate(e, w, passed);
	e->at = now;
	seconds = estimate(e, w, now);
	if (seconds < 0 || now - e->began < (int64_t)(FIRST_TIME * CLOCK_SEC))
		return;
	if (e->is_known)
		move_shown(e, seconds, passed);
	else
		e->shown = seconds;
	e->is_known = 1;
}

long eta_seconds(const struct eta *e)
{
	return e->is_known ? (long)e->shown + 1 : -1;
}
