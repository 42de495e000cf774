/*
 * online_check - asks upstreams about lines of the lists before they are merged: mirror-sync
 * --check --online.
 *
 * It is a dry run (sync/run.h) over these lines. The outcome is told by line: failures as problems,
 * beside those that --check finds offline; for the other lines, what they would add. Nothing is
 * written, no lock is taken.
 *
 *	online_check_choose()	chooses the lines
 *	online_check_ask()	asks about them, and adds failures to the lists' problems
 *	check_print()		prints the problems
 *	online_check_show()	prints what would be added
 */
#ifndef SYNC_ONLINE_CHECK_H
#define SYNC_ONLINE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "sync/problem_format.h"
#include "sync/tag_hint.h"

struct err;
struct listing;
struct run;
struct run_options;
struct list_source;
struct list_source_options;
struct target;

/* What a run found out about one line; its targets are lent by the run. */
struct verdict {
	const struct listing *listing; /* of a line that chooses tags */
	const struct target *bad;      /* the first that would fail */
	const struct target *gone;     /* the first that is gone upstream */
	const struct target *warned;   /* the first with a warning */
	const struct target *broken;   /* the first that has none of the line's platforms, and is
					* there for another line's */
	size_t nbad, ngone, nwarned, nbroken;
	size_t targets, added, held, skipped;
	uint64_t bytes;
	time_t waits_until; /* min-age= of what would move or be added; 0: nothing waits */
	bool failed;        /* its problem is an error */
	bool limited;       /* a rate limit left it open; its problem is an error, too */
};

struct online_check {
	struct list_source *source;
	const char *since;
	bool *lines;              /* a flag for each line of the lists: ask about it */
	size_t n;                 /* how many are set */
	struct verdict *verdicts; /* one for each line of the lists */
	struct tag_hints hints;
};

#define ONLINE_CHECK_INIT                                                                          \
	{                                                                                          \
		.lines = NULL, .hints = TAG_HINTS_INIT                                             \
	}

/* Chooses the lines that are new or different since a revision; all lines when it is NULL. USAGE
 * when there is no such revision. */
int online_check_choose(struct online_check *o, struct list_source *source,
			const struct list_source_options *options, const char *since,
			struct err *err);
void online_check_release(struct online_check *o);

/* Calls run_sync() for the chosen lines, with the errors it has. The lists must be without errors.
 * No upstream is asked when no line was chosen. */
int online_check_ask(struct online_check *o, struct run *r, struct run_options *options,
		     struct err *err);

/* "mirror-lists/base.list:12: adds 2 images, 31.2 MB", and a summary. */
void online_check_show(const struct online_check *o, enum problem_format format);

/* EXIT_PART when some line would fail, EXIT_LIMITED when a rate limit left one open, or both. */
int online_check_status(const struct online_check *o);

#endif
