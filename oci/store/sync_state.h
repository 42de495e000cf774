/*
 * sync_state - .mirror/state.json: when each reference was last checked with success, and its
 * max-age.
 *
 * mirror-sync writes it, and reads it to decide what is due (refresh=, and where to continue a run
 * that was interrupted). Both programs read it to report references older than their max-age=.
 * Losing the file costs requests, nothing else: a missing or broken file counts as empty.
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

#define SYNC_STATE_INIT                                                                            \
	{                                                                                          \
		.when = NULL                                                                       \
	}

void sync_state_load(struct sync_state *s, const struct layout *l);
void sync_state_release(struct sync_state *s);

/* When ref was last checked; 0: never, or unknown. */
time_t sync_state_at(const struct sync_state *s, const char *ref);
void sync_state_note(struct sync_state *s, const char *ref, time_t when);

/* The max-age of ref in seconds; -1: it has none. */
long sync_state_max_age(const struct sync_state *s, const char *ref);
void sync_state_set_max_age(struct sync_state *s, const char *ref, long seconds);

/* Writes the file, without references that are on no list any more: listed() says which are. LIMIT,
 * IO. */
int sync_state_save(struct sync_state *s, const struct layout *l,
		    bool (*listed)(const char *ref, void *arg), void *arg, struct err *err);

/* When the published content was last known to be upstream's: at the last check, or when state.json
 * has none, at its arrival (e may be NULL). Dates after `now` (a clock was wrong) are ignored. 0:
 * unknown. */
time_t sync_state_last(time_t checked, const struct entry *e, time_t now);

/* Whether a reference last checked at that time is due again after `refresh` seconds. 0, and a date
 * after `now`, count as never checked. */
bool sync_state_due(time_t checked, long refresh, time_t now);

/* Whether a reference last checked at that time is older than its max-age; 0 (a new one) is not. */
bool sync_state_is_stale(time_t last, long max_age, time_t now);

#endif
