/*
 * verb - what main() and the verbs of mirror-publish have in common.
 *
 * main() finds the verb among the words, takes it out, and calls it with everything else. A verb
 * parses its own options (with the common ones), does its work, prints results on stdout and what
 * concerns one image on stderr, and gives an exit status; or -1 with *err for what stops it whole,
 * which main() prints and turns into a status.
 */
#ifndef PUBLISH_VERB_H
#define PUBLISH_VERB_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/cli/cli_opt.h"

struct err;

/* docs/formats.md, "Exit statuses" */
enum {
	EXIT_DONE = 0,
	EXIT_WRONG_USE = 1, /* the command line: nothing was done */
	EXIT_PART = 2,      /* done in part, or something was found */
	EXIT_NO_MIRROR = 16 /* the mirror could not be used: nothing was done */
};

/* What holds for any verb. */
struct invocation {
	const char *mirror; /* --mirror, else MIRROR_DIR, else "mirror" */
	long wait;          /* seconds to wait for another publisher */
	bool json;
	bool terminal; /* stdout is one: columns have titles */
	bool color;    /* ... and nobody said NO_COLOR */
	char who[160]; /* user@host, for holds and the journal */
};

struct verb {
	const char *name, *words, *summary; /* for --help */
	int (*run)(struct invocation *run, int argc, char **argv, struct err *err);
};

/* The rows every verb's table of options ends with. */
#define VERB_MIRROR(run)                                                                           \
	{                                                                                          \
		.name = "mirror", .value = "DIR", .to = &(run)->mirror, .section = "Which mirror", \
		.help = "the mirror's directory; default: $MIRROR_DIR, else \"mirror\""            \
	}
/* ... of a verb that publishes */
#define VERB_WAIT(run)                                                                             \
	{                                                                                          \
		.name = "wait", .value = "SECONDS", .number = &(run)->wait, .min = 0,              \
		.max = 86400,                                                                      \
		.help = "how long to wait while somebody else publishes (a sync under way is "     \
			"never waited for); default: 10"                                           \
	}
/* ... of a verb that reports */
#define VERB_JSON(run)                                                                             \
	{                                                                                          \
		.name = "json", .flag = &(run)->json, .help = "print the result as JSON"           \
	}

/* As cli_opt_parse(), but --help and --version are answered at once: then *n is unchanged. */
int verb_parse(const struct cli_program *p, int argc, char **argv, char ***words, size_t *n,
	       struct err *err);

int verb_status(struct invocation *run, int argc, char **argv, struct err *err);
int verb_log(struct invocation *run, int argc, char **argv, struct err *err);
int verb_at(struct invocation *run, int argc, char **argv, struct err *err);
int verb_rollback(struct invocation *run, int argc, char **argv, struct err *err);
int verb_hold(struct invocation *run, int argc, char **argv, struct err *err);
int verb_release(struct invocation *run, int argc, char **argv, struct err *err);
int verb_undo(struct invocation *run, int argc, char **argv, struct err *err);

#endif
