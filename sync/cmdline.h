/*
 * cmdline - mirror-sync's command line: one table for parsing, --help and the man page, and which options go
 * together.
 */
#ifndef SYNC_CMDLINE_H
#define SYNC_CMDLINE_H

#include <stdbool.h>

#include "oci/cli/opt.h"
#include "sync/annotate.h"
#include "sync/remote.h"
#include "sync/run.h"
#include "sync/source.h"

struct err;

struct cmdline {
	struct run_options run;
	struct source_options source;
	struct remote remote; /* --repo; its url is NULL without it */
	bool check, online;
	const char *since;  /* or NULL: all lines */
	const char *report; /* or NULL */
	enum annotate_format format;
	int tolerate; /* bits that are left out of the exit status */
	bool color;   /* on a terminal; the environment's word */
};

extern const struct opt_program cmdline_program;

/* Reads argv[1..] and lends what was read. An opt_result, or -1 with USAGE. */
int cmdline_read(int argc, char **argv, struct cmdline **line, struct err *err);

#endif
