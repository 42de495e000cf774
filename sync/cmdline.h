/*
 * cmdline - the command line of mirror-sync: its options, and which of them go together.
 */
#ifndef SYNC_CMDLINE_H
#define SYNC_CMDLINE_H

#include <stdbool.h>

#include "sync/list_source.h"
#include "sync/problem_format.h"
#include "sync/remote.h"
#include "sync/run_options.h"

struct err;

struct cmdline {
	struct run_options run;
	struct list_source_options source;
	struct remote remote;        /* --repo; its url is NULL without it */
	bool check, online, convert; /* convert: run.patterns are files */
	const char *suggest;         /* a file of mirror-serve --record-misses; or NULL */
	const char *since;           /* a revision, or NULL: all lines */
	const char *report;          /* or NULL */
	const char *trace;           /* a file, or NULL */
	enum problem_format format;
	int tolerate; /* bits that are left out of the exit status */
	long timeout; /* seconds until the run ends as by a signal; -1: none */
	bool color;   /* on a terminal without NO_COLOR; set by main() */
};

/* Reads argv[1..]; texts are lent by argv, and the caller calls remote_release() on
 * line->remote. Gives CLI_OPT_GO; another result of cli_opt_parse() when --help or the like was
 * printed; or -1 with USAGE. */
int cmdline_read(struct cmdline *line, int argc, char **argv, struct err *err);

#endif
