/*
 * checked - .mirror/state.json: when each reference was last checked with success. What refresh= and
 * max-age= go by, and what a run that was cut short continues with. Losing it costs requests, nothing
 * else: a missing or broken file is an empty one.
 */
#ifndef SYNC_CHECKED_H
#define SYNC_CHECKED_H

#include <stdbool.h>
#include <time.h>

#include "oci/json.h"

struct err;
struct layout;
struct target;

struct checked {
	json_t *when; /* reference -> RFC 3339 */
};

#define CHECKED_INIT                                                                               \
	{                                                                                          \
		.when = NULL                                                                       \
	}

void checked_load(struct checked *s, const struct layout *l);
void checked_release(struct checked *s);

/* When it was last checked; 0: never, or not known. */
time_t checked_at(const struct checked *s, const char *ref);
void checked_note(struct checked *s, const char *ref, time_t when);

/* Writes it, without references that are on no list any more (`listed` says which are). */
int checked_save(struct checked *s, const struct layout *l,
		 bool (*listed)(const char *ref, void *arg), void *arg, struct err *err);

/* Whether something last checked then is due now. A date in the future (a clock was wrong) is none. */
bool checked_due(time_t checked, long refresh, time_t now);

#endif
