/*
 * cmdline - the command line of mirror-serve.
 */
#ifndef SERVE_CMDLINE_H
#define SERVE_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct cli_program;

struct cmdline {
	const char *mirror;     /* directory */
	const char *listen;     /* ADDR:PORT */
	const char *registry;   /* --default-registry */
	const char *name;       /* of entries that have only a tag, or NULL */
	const char *access_log; /* path, or NULL */
	bool list_snapshots;
	long threads;
	char host[256]; /* registry as it is compared */
};

/*
 * Reads the command line; mirror is what the environment says, or NULL. Gives what cli_opt_parse() gives,
 * or -1 with USAGE. The program, for --help, is in *program.
 */
int cmdline_read(struct cmdline *o, int argc, char **argv, const char *mirror,
		 struct cli_program *program, struct err *err);

#endif
