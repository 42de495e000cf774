/*
 * cli_opt - one table of options: parsing, --help and the man page all come from it.
 *
 *	static const struct cli_opt table[] = {
 *		{ .name = "mirror", .value = "DIR", .help = "the mirror's directory", .to = &o.mirror },
 *		{ .name = "force", .help = "ignore refresh=", .flag = &o.force },
 *		{ .name = "jobs", .value = "N", .number = &o.jobs, .min = 1, .max = 256, ... },
 *		CLI_OPT_END,
 *	};
 *
 * Options are --long, with = or a blank before the value; "--" ends them; they may stand among the
 * words. --help and --version are known everywhere, and --man, which prints the man page (`make
 * install` asks for it; --help does not name it).
 */
#ifndef OCI_CLI_CLI_OPT_H
#define OCI_CLI_CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct err;

struct cli_opt {
	const char *name;  /* without the dashes; NULL ends the table */
	const char *value; /* what --help calls the value; NULL: the option takes none */
	const char *help;  /* one or more sentences; wrapped */
	const char **to;   /* gets the text (lent from argv) */
	long *number;      /* or gets the number, within min and max */
	long min, max;
	bool *flag;          /* or is set */
	const char *section; /* starts a section of --help, e.g. "Which lists" */
};

#define CLI_OPT_END                                                                                \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* What a program, or a verb of it, says about itself. */
struct cli_program {
	const char *name;     /* "mirror-sync", "mirror-publish rollback" */
	const char *synopsis; /* "[OPTION...] [PATTERN...]" */
	const char *summary;  /* one line */
	const char *text;     /* paragraphs shown before the options */
	const char *after;    /* paragraphs after them: exit status, examples */
	const struct cli_opt *options;
};

enum cli_opt_result { CLI_OPT_GO, CLI_OPT_HELP, CLI_OPT_VERSION, CLI_OPT_MAN };

/*
 * Reads argv[1..]. Words that are no options are moved to the front of argv: *words points at them,
 * *n counts them. Gives CLI_OPT_GO, CLI_OPT_HELP, CLI_OPT_VERSION or CLI_OPT_MAN, or -1 with USAGE: an unknown
 * option (with the nearest known one), a missing value, a number out of range.
 */
int cli_opt_parse(const struct cli_program *p, int argc, char **argv, char ***words, size_t *n,
		  struct err *err);

/* Whether the text given to --<option> may be published: one line of UTF-8 of at most `max` bytes. USAGE.
 * NULL is fine. */
int cli_opt_check_text(const char *option, const char *text, size_t max, struct err *err);

/* --help, for a terminal of 80 columns. */
void cli_opt_help(const struct cli_program *p, FILE *out);
/* The same as a man page, section 1, troff with the man macros. */
void cli_opt_man(const struct cli_program *p, FILE *out);

#endif
