/*
 * run_options - what a run is asked to do; nothing in it changes while it runs.
 *
 * The command line fills it in (sync/cmdline.c), main.c adds what comes from the environment and
 * the lists. All texts are lent.
 */
#ifndef SYNC_RUN_OPTIONS_H
#define SYNC_RUN_OPTIONS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "oci/base/unit.h"

struct registry_options;

struct run_options {
	const char *mirror;
	const char *against; /* a URL to compare with; only with dry_run */
	const char *label;   /* or NULL */
	const char *suffix;  /* of snapshots: strftime */
	bool dry_run, sizes, missing, force, accept_unlisted;
	bool observe;      /* ask and record what is offered; fetch and publish nothing */
	bool skip_min_age; /* nothing waits */
	bool check;        /* a dry run before a list is merged; the mirror may not be there */
	const bool *lines; /* a flag for each line of the lists: ask for it; NULL: all */
	long jobs;         /* requests at once to one host */
	long wait;         /* seconds for another sync to end */
	struct unit_rate max_rate; /* bytes of all downloads together; amount 0: no limit */
	long quota_wait; /* seconds to wait for an upstream's pull limit to be raised again */
	char **patterns; /* only targets that match one of them; none: all */
	size_t npatterns;
	const struct registry_options *wire; /* from the environment; run.c adds the lists' part */
	volatile sig_atomic_t *stop;         /* set by a signal: no new downloads */
};

#endif
