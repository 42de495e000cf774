/*
 * online_check - the lines of the lists, asked about before they are merged: mirror-sync --check --online.
 *
 * It is a dry run over these lines (sync/run.h) whose outcome is told by line, as problems beside those that --check finds
 * offline, and, for lines without a problem, as what they would add. Nothing is written, no lock is taken.
 *
 *	online_check_choose()		which lines
 *	online_check_ask()		asks about them, and adds what is wrong to the lists' problems
 *	check_print()		tells of these
 *	online_check_show()		and of what would be added
 */
#ifndef SYNC_ONLINE_CHECK_H
#define SYNC_ONLINE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	const struct target *gone;     /* the first that upstream has not any more */
	size_t nbad, ngone;
	size_t targets, added, held, skipped;
	uint64_t bytes;
	bool failed;  /* its problem is an error */
	bool limited; /* by a rate limit, so that nobody knows */
};

struct online_check {
	struct list_source *source;
	const char *since;
	bool *lines; /* those that are asked about */
	size_t n;
	struct verdict *verdicts; /* one a line of the lists */
	struct tag_hints hints;
};

#define ONLINE_CHECK_INIT                                                                          \
	{                                                                                          \
		.lines = NULL, .hints = TAG_HINTS_INIT                                             \
	}

/* Chooses what is new or different since a revision; all, when it is NULL. USAGE when there is no such revision. */
int online_check_choose(struct online_check *o, struct list_source *source,
			const struct list_source_options *options, const char *since,
			struct err *err);
void online_check_release(struct online_check *o);

/* As run_sync(), with those lines in its options; the lists must be without errors. Asks nobody when no line was chosen. */
int online_check_ask(struct online_check *o, struct run *r, struct run_options *options,
		     struct err *err);

/* "mirror-lists/base.list:12: adds 2 images, 31.2 MB", and a summary. */
void online_check_show(const struct online_check *o, enum problem_format format);

/* The exit status: 2 some line would fail, 4 a rate limit left it open. */
int online_check_status(const struct online_check *o);

#endif
