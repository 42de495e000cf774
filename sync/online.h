/*
 * online - the lines of the lists, asked about before they are merged: mirror-sync --check --online.
 *
 * It is a dry run over these lines (sync/run.h) whose outcome is told by line, as problems beside those that --check finds
 * offline, and, for lines without a problem, as what they would add. Nothing is written, no lock is taken.
 *
 *	online_choose()		which lines
 *	online_ask()		asks about them, and adds what is wrong to the lists' problems
 *	check_print()		tells of these
 *	online_show()		and of what would be added
 */
#ifndef SYNC_ONLINE_H
#define SYNC_ONLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/annotate.h"
#include "sync/hint.h"

struct err;
struct listing;
struct run;
struct run_options;
struct source;
struct source_options;
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

struct online {
	struct source *source;
	const char *since;
	bool *lines; /* those that are asked about */
	size_t n;
	struct verdict *verdicts; /* one a line of the lists */
	struct hints hints;
};

#define ONLINE_INIT                                                                                \
	{                                                                                          \
		.lines = NULL, .hints = HINTS_INIT                                                 \
	}

/* Chooses what is new or different since a revision; all, when it is NULL. USAGE when there is no such revision. */
int online_choose(struct online *o, struct source *source, const struct source_options *options,
		  const char *since, struct err *err);
void online_release(struct online *o);

/* As run_sync(), with those lines in its options; the lists must be without errors. Asks nobody when no line was chosen. */
int online_ask(struct online *o, struct run *r, struct run_options *options, struct err *err);

/* "mirror-lists/base.list:12: adds 2 images, 31.2 MB", and a summary. */
void online_show(const struct online *o, enum annotate_format format);

/* The exit status: 2 some line would fail, 4 a rate limit left it open. */
int online_status(const struct online *o);

#endif
