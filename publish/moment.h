/*
 * moment - times that people write on a command line: a day in UTC (2026-11-20, 20261120), an
 * instant (2026-11-20T08:15:00Z), or how long ago (7d).
 */
#ifndef PUBLISH_MOMENT_H
#define PUBLISH_MOMENT_H

#include <time.h>

/* The last second of a day, or the instant. -1 when text is neither. */
time_t moment_last(const char *text);
/* The first second of a day, the instant, or so long before `now`. -1 when text is none of them. */
time_t moment_since(const char *text, time_t now);

#endif
