/*
 * options - the command line of mirror-serve.
 */
#ifndef SERVE_OPTIONS_H
#define SERVE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct opt_program;

struct options {
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
 * Reads the command line; mirror is what the environment says, or NULL. Gives what opt_parse() gives,
 * or -1 with USAGE. The program, for --help, is in *program.
 */
int options_read(struct options *o, int argc, char **argv, const char *mirror,
		 struct opt_program *program, struct err *err);

#endif
