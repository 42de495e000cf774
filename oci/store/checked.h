/*
 * checked - .mirror/state.json: when each reference was last checked with success, and how long ago that may
 * be. Written by mirror-sync, which goes by it (refresh=, and what a run that was cut short continues
 * with); read by whoever tells what is past its max-age=. Losing it costs requests, nothing else: a missing or
 * broken file is an empty one.
 */
#ifndef OCI_STORE_CHECKED_H
#define OCI_STORE_CHECKED_H

#include <stdbool.h>
#include <time.h>

#include "oci/base/json.h"

struct entry;
struct err;
struct layout;

struct checked {
	json_t *when;    /* reference -> RFC 3339 */
	json_t *max_age; /* reference -> seconds, where there is a limit */
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

/* Seconds that its last check may be ago; -1: any. */
long checked_max_age(const struct checked *s, const char *ref);
void checked_set_max_age(struct checked *s, const char *ref, long seconds);

/* Writes it, without references that are on no list any more (`listed` says which are). */
int checked_save(struct checked *s, const struct layout *l,
		 bool (*listed)(const char *ref, void *arg), void *arg, struct err *err);

/* When what is published was last known to be what upstream has: at its check, or, where state.json was lost, when it
 * came. A date in the future (a clock was wrong) says nothing. 0: not known. */
time_t checked_last(time_t checked, const struct entry *e, time_t now);

/* Whether something last checked then is due now. A date in the future is none. */
bool checked_due(time_t checked, long refresh, time_t now);

/* Whether something last checked then is past its max-age. What never was is not: it is new. */
bool checked_is_stale(time_t last, long max_age, time_t now);

#endif
