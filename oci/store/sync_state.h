/*
 * sync_state - .mirror/state.json: what mirror-sync remembers of each reference between runs.
 *
 * One member per reference, one member a line:
 *
 *	{"version":2,"references":{
 *	"docker.io/library/alpine:3.19":{"checked":"2026-11-20T06:00:00Z","max_age":86400},
 *	...
 *	},"no_referrers":{
 *	"https://ghcr.io/v2/org":"2026-11-20T06:00:00Z"
 *	}}
 *
 * mirror-sync writes the file and reads it to decide what is due; other programs read it to report
 * what is older than its max-age=. Losing the file costs requests: everything is due again, and
 * what waits for its min-age= waits again. It has no ceiling of its own: save() drops what is on no
 * list, and lists have at most LIMIT_LIST_LINES lines and LIMIT_TAGS tags a line. It is read one
 * member at a time, so that 200,000 members take no more memory than their rows.
 *
 * Version 0.1 wrote two objects, "checked" and "max_age", which are read, too.
 *
 * Calling order: sync_state_load(); sync_state_find() and sync_state_row() in any order; then
 * sync_state_save(); sync_state_release().
 */
#ifndef OCI_STORE_SYNC_STATE_H
#define OCI_STORE_SYNC_STATE_H

#include <stdbool.h>
#include <time.h>

#include "oci/base/table.h"

struct entry;
struct err;
struct layout;

/* What is remembered of one reference. Texts are owned; NULL and 0 where nothing is known. */
struct sync_row {
	char *ref;       /* canonical reference */
	time_t checked;  /* the last check that succeeded, or that found the reference gone */
	long max_age;    /* seconds; -1: it has no limit */
	bool gone;       /* that check found it gone */
	bool unfinished; /* the last attempt failed, was limited or was incomplete: due at once */
	bool held;       /* the last run found a hold on it */
	char *upstream;  /* the digest that upstream had at the last check */
	char *offer;     /* the digest that upstream offers and that is not published yet */
	/* The first check of the unbroken series that saw this offer (0: not known, the clock was
	 * wrong) and the last one; when its min-age= is over (0: it does not wait). */
	time_t offer_since, offer_seen, offer_until;
	/* Since when upstream has offered something else than is published, and how often that
	 * changed meanwhile. */
	time_t offers_since;
	long offers_changed;
	char *referrers;     /* the digest whose referrers were asked for ... */
	char *referrers_as;  /* ... under which options (sync/referrers_due.h) ... */
	time_t referrers_at; /* ... and when; 0: not all of them could be had: */
	/* when they were asked for last, and in how many runs in a row some could not be had */
	time_t referrers_tried;
	long referrers_failed;
};

/* A registry that was found to have no referrers API; key is oci/registry/registry.h's. */
struct sync_absence {
	char *key;
	time_t since;
};

struct sync_state {
	struct table rows;         /* struct sync_row by ref */
	struct table no_referrers; /* struct sync_absence by key */
	bool unreadable; /* the file is there and could not be read: save() keeps it aside */
};

#define SYNC_STATE_INIT                                                                            \
	{                                                                                          \
		.rows = TABLE_INIT, .no_referrers = TABLE_INIT                                     \
	}

/* Reads the file into *s, which is empty. A missing file is empty. -1 with INVALID or IO when
 * the file is there and cannot be read: *s is then empty and can be used. */
int sync_state_load(struct sync_state *s, const struct layout *l, struct err *err);
void sync_state_release(struct sync_state *s);

/* The row of a reference, lent; NULL when nothing is known of it. */
const struct sync_row *sync_state_find(const struct sync_state *s, const char *ref);
/* The same, made when there is none. */
struct sync_row *sync_state_row(struct sync_state *s, const char *ref);
/* Sets a text of a row: a copy of value, which may be NULL. */
void sync_row_set(char **text, const char *value);

/* Notes since when a registry is known to have no referrers API. */
void sync_state_set_absence(struct sync_state *s, const char *key, time_t since);
/* Forgets the offer. */
void sync_row_drop_offer(struct sync_row *row);

/* When ref was last checked; 0: never, or unknown. */
time_t sync_state_at(const struct sync_state *s, const char *ref);
/* The max-age of ref in seconds; -1: it has none. */
long sync_state_max_age(const struct sync_state *s, const char *ref);

/* Writes the file, without references that are on no list any more: listed() says which are. A file
 * that could not be read is kept as state.json.bad. IO. */
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
