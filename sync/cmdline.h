/*
 * cmdline - mirror-sync's command line: one table for parsing, --help and the man page, and which options go
 * together.
 */
#ifndef SYNC_CMDLINE_H
#define SYNC_CMDLINE_H

#include <stdbool.h>

#include "oci/cli/cli_opt.h"
#include "sync/list_source.h"
#include "sync/problem_format.h"
#include "sync/remote.h"
#include "sync/run_options.h"

struct err;

struct cmdline {
	struct run_options run;
	struct list_source_options source;
	struct remote remote; /* --repo; its url is NULL without it */
	bool check, online;
	const char *since;  /* or NULL: all lines */
	const char *report; /* or NULL */
	enum problem_format format;
	int tolerate; /* bits that are left out of the exit status */
	bool color;   /* on a terminal; the environment's word */
};

extern const struct cli_program cmdline_program;

/* Reads argv[1..] and lends what was read. An opt_result, or -1 with USAGE. */
int cmdline_read(int argc, char **argv, struct cmdline **line, struct err *err);

#endif
