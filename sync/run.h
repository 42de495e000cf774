/*
 * run - one sync, from the lists to a published generation.
 *
 *	plan      every line becomes targets; lines with tag options ask for the tag list
 *	work      each target: HEAD, compare, fetch what is missing (all at once, one loop)
 *	merge     what arrived is merged onto what is published now, and published (sync/merge.h)
 *
 * A failing image, host or listing never stops the others; what is complete is published.
 */
#ifndef SYNC_RUN_H
#define SYNC_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "oci/base/err.h"
#include "oci/base/table.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "oci/store/sync_state.h"
#include "sync/list_source.h"
#include "sync/target.h"

struct fetch;
struct registry;
struct registry_options;

struct run_options {
	const char *mirror;
	const char *against; /* --dry-run only */
	const char *label;
	const char *suffix; /* of snapshots: strftime */
	bool dry_run, sizes, missing, force;
	bool check; /* a dry run before a list is merged, perhaps without the mirror at hand */
	const bool *lines; /* those of the lists that are asked for; NULL: all */
	long jobs;         /* requests at once to one host */
	long wait;         /* seconds for another sync to end */
	long quota_wait;   /* seconds for an upstream's pull limit to fill up again */
	char **patterns;
	size_t npatterns;
	const struct registry_options
		*wire;               /* from the environment; the lists' part is filled in here */
	volatile sig_atomic_t *stop; /* set by a signal: no new downloads */
};

/* A line whose tags come by option, and what became of its listing. */
struct listing {
	const struct list_image *line;
	bool complete;
	char **tags; /* that the line's options mean */
	size_t n;
	char **gone; /* that the mirror has and upstream has not any more */
	size_t ngone, capgone;
	size_t all;        /* that upstream has */
	enum err_kind why; /* of the failure; LIMIT: the upstream's quota, not a fault */
	char *error;       /* or NULL */
};

/* The targets of one upstream host; each host has so many in work at once. */
struct lane {
	char *host;
	struct target **waiting;
	size_t n, cap, next;
	size_t active;
};

struct run {
	const struct run_options *o;
	struct list_source *source;
	struct layout layout;
	struct layout scratch; /* --sizes: manifests that were read to count what is below them */
	int lock;              /* .mirror/sync.lock, or -1 */
	struct index index;    /* what was published when the run began; empty once it is merged */
	struct registry *registry;
	struct fetch *fetch;
	struct sync_state checked;
	struct targets targets;
	struct table names; /* targets by name */
	struct listing *listings;
	size_t nlistings, listings_left;
	struct lane **lanes;
	size_t nlanes, caplanes;
	uint64_t wanted;   /* bytes of blobs that turned out to be missing so far */
	uint64_t promised; /* bytes on the disk that images under way still need, at most */
	size_t settled;    /* targets that have their state */
	bool pumping;
	bool stopped;      /* a signal came, or the disk refused: nothing new is started */
	struct err broken; /* why the mirror itself cannot be used; kind NONE while it can */
	time_t started;    /* the wall clock's; the date of all snapshots */
	int64_t started_mono;
	void (*turn)(struct run *r); /* called between turns of the loop: progress; may be NULL */
	long generation;             /* now published */
	bool published;              /* by this run */
	char *unlisted; /* the first of what was found to be on no list any more, or NULL */
	size_t nunlisted;
};

#define RUN_INIT                                                                                   \
	{                                                                                          \
		.layout = LAYOUT_INIT, .scratch = LAYOUT_INIT, .lock = -1, .index = INDEX_INIT     \
	}

/* Opens the mirror and takes the lock of syncs, which is kept until run_release(). run_sync() does it where it was not
 * done before, as it must be when the lists are kept there. */
int run_lock(struct run *r, const struct run_options *o, struct err *err);

/* 0 when the run could work through its targets, whatever became of each; -1 when the mirror itself
 * could not be used (kind IO, INVALID, ...), and nothing was published. */
int run_sync(struct run *r, const struct run_options *o, struct list_source *source,
	     struct err *err);
void run_release(struct run *r);

/* The exit status of a run, a sum of enum exit_status, and what one target adds to it. The bits in
 * `tolerate` are left out, but for a signal and for a pattern that matches nothing. */
int run_status(const struct run *r, int tolerate);
int run_status_of(const struct run *r, const struct target *t, int tolerate);

#endif
