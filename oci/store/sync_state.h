/*
 * sync_state - .mirror/state.json: when each reference was last checked with success, and how long ago that may
 * be. Written by mirror-sync, which goes by it (refresh=, and what a run that was cut short continues
 * with); read by whoever tells what is past its max-age=. Losing it costs requests, nothing else: a missing or
 * broken file is an empty one.
 */
#ifndef OCI_STORE_SYNC_STATE_H
#define OCI_STORE_SYNC_STATE_H

#include <stdbool.h>
#include <time.h>

#include "oci/base/json.h"

struct entry;
struct err;
struct layout;

struct sync_state {
	json_t *when;    /* reference -> RFC 3339 */
	json_t *max_age; /* reference -> seconds, where there is a limit */
};

#define CHECKED_INIT                                                                               \
	{                                                                                          \
		.when = NULL                                                                       \
	}

void sync_state_load(struct sync_state *s, const struct layout *l);
void sync_state_release(struct sync_state *s);

/* When it was last checked; 0: never, or not known. */
time_t sync_state_at(const struct sync_state *s, const char *ref);
void sync_state_note(struct sync_state *s, const char *ref, time_t when);

/* Seconds that its last check may be ago; -1: any. */
long sync_state_max_age(const struct sync_state *s, const char *ref);
void sync_state_set_max_age(struct sync_state *s, const char *ref, long seconds);

/* Writes it, without references that are on no list any more (`listed` says which are). */
int sync_state_save(struct sync_state *s, const struct layout *l,
		    bool (*listed)(const char *ref, void *arg), void *arg, struct err *err);

/* When what is published was last known to be what upstream has: at its check, or, where state.json was lost, when it
 * came. A date in the future (a clock was wrong) says nothing. 0: not known. */
time_t sync_state_last(time_t checked, const struct entry *e, time_t now);

/* Whether something last checked then is due now. A date in the future is none. */
bool sync_state_due(time_t checked, long refresh, time_t now);

/* Whether something last checked then is past its max-age. What never was is not: it is new. */
bool sync_state_is_stale(time_t last, long max_age, time_t now);

#endif
