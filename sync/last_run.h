/*
 * last_run - .mirror/last-run.json: how the last run and the last full run ended, for monitoring.
 *
 *	{"last":{"start":"2026-11-20T06:00:00Z","end":"2026-11-20T06:01:10Z","status":2,
 *	         "generation":42,"counts":{"current":118,"failed":1},
 *	         "hosts":[{"host":"docker.io","limit":100,"remaining":87}]},
 *	 "full":{...}}
 *
 * A full run is one without PATTERN and --missing that was not stopped. "full" is null before the
 * first one. A dry run and a check write nothing.
 */
#ifndef SYNC_LAST_RUN_H
#define SYNC_LAST_RUN_H

struct err;
struct layout;
struct outcome;

/* Replaces the file; status is the program's exit status. IO. */
int last_run_save(const struct layout *l, const struct outcome *o, int status, struct err *err);

#endif
