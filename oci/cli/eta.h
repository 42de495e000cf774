/*
 * eta - an estimate of the time that is left, made for people: it follows changes of speed within
 * some twenty seconds, falls as the end comes near, and never jumps.
 *
 * It is the longer of two estimates: bytes that are known to be left, at the average speed of the
 * last twenty seconds; and images that are left, at the average of the whole run, since most of
 * them are not known in bytes before they begin. From then on the time that passes is taken off,
 * and what is shown moves towards the estimate. When work stalls, it grows by one second and one
 * in a hundred each second at most.
 */
#ifndef OCI_CLI_ETA_H
#define OCI_CLI_ETA_H

#include <stddef.h>
#include <stdint.h>

struct eta_work {
	uint64_t bytes, bytes_left;
	size_t done, all; /* images */
};

/* All 0 at first. */
struct eta {
	int64_t began, at;   /* clock_now() of the first and of the last update */
	uint64_t bytes;      /* at the last update */
	double rate, weight; /* a moving average of bytes a second is rate / weight */
	double shown;        /* seconds; valid once is_known */
	int is_known;
};

/* To be called often; `now` is clock_now(). */
void eta_update(struct eta *e, const struct eta_work *w, int64_t now);

/* Seconds, rounded up; -1 when nothing can be said yet. */
long eta_seconds(const struct eta *e);

/* Bytes a second, of the last twenty seconds. */
double eta_rate(const struct eta *e);

#endif
