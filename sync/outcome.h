/*
 * outcome - what a run has done so far, and at its end: the part that people and machines are told.
 *
 * plan, work and merge fill it in; show, report, online_check, tag_hint, failure_groups and the
 * progress line read it, and nothing else of the run.
 */
#ifndef SYNC_OUTCOME_H
#define SYNC_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "oci/base/err.h"
#include "oci/base/strvec.h"
#include "oci/lists/newest.h"
#include "sync/denied.h"
#include "sync/target.h"

struct list_image;
struct list_source;
struct registry;
struct run_options;

/* A line with tag options, and the list of tags that was fetched for it. */
struct listing {
	const struct list_image *line;
	bool complete;
	char **tags; /* those that the line's options choose */
	size_t n;
	char **gone; /* those of the mirror that are not upstream any more */
	size_t ngone, capgone;
	bool has_content;        /* the mirror has tags of this line, so that new ones wait */
	struct strvec due;       /* tags whose wait is over */
	struct strvec spare;     /* tags that leave newest= only when those have arrived */
	unsigned requests;       /* for its tags; one of its targets counts them, too */
	size_t all;              /* how many tags upstream has */
	struct newest_left left; /* what newest= leaves out of those that the patterns choose */
	enum err_kind why;       /* of the failure; LIMIT: the upstream's quota, not a fault */
	char *error;             /* or NULL */
};

struct outcome {
	const struct run_options *options; /* lent */
	const struct list_source *source;  /* lent: the lists, with their commit */
	struct registry *registry;         /* lent: it counts requests and bytes */
	struct targets targets;
	struct listing *listings; /* in the lists' order */
	size_t nlistings;
	size_t decided;  /* targets whose state is final */
	uint64_t wanted; /* bytes of blobs found to be missing so far */
	bool stopped;    /* by a signal or by a disk that refuses: nothing new is started */
	long generation; /* now published */
	bool published;  /* by this run */
	time_t started;  /* the wall clock's; the date of all snapshots */
	int64_t started_mono;
	char *unlisted;            /* the first entry that this run marked as unlisted, or NULL */
	struct strvec taken_back;  /* what waited, and is not upstream any more, in words */
	size_t nunlisted, nlisted; /* how many, and of how many that were listed before */
	bool unlisted_refused;     /* they are so many that they stay listed */
	char *hold;                /* the reference with the oldest hold, or NULL */
	time_t hold_since;
	struct denied denied; /* what is published and must not be */
};

void outcome_release(struct outcome *o);

/* Whether the listing of this reference's repository failed, so that its line may still choose
 * it. */
bool outcome_misses_listing(const struct outcome *o, const char *ref);

/* Whether a target, or a line whose tags are listed, matches a pattern. To be asked at the end. */
bool outcome_matches(const struct outcome *o, const char *pattern);

/* The exit status, a sum of enum exit_status, and what one target adds to it. Bits in `tolerate`
 * are left out, but never for a signal or for a pattern of the command line that matches
 * nothing. */
int outcome_status(const struct outcome *o, int tolerate);
int outcome_status_of(const struct outcome *o, const struct target *t, int tolerate);

#endif
