/*
 * cli_opt - one table of options: parsing, --help, the man page and the completion script all come
 * from it.
 *
 *	struct cli_table table = CLI_TABLE_INIT;
 *	const struct cli_opt rows[] = {
 *		{ .name = "mirror", .value = "DIR", .help = "the mirror's "
	"directory", .to = &o->mirror },
 *		{ .name = "force", .help = "ignore refresh=", .flag = &o->force },
 *		{ .name = "jobs", .value = "N", .number = &o->jobs, .min = 1, .max = 256, ... },
 *	};
 *	CLI_TABLE_ADD(&table, rows);
 *
 * Rows are automatic variables, so that each points to the member it sets; the pointer's name says
 * the kind of the value (oci/base/value.h), and exactly one of them is given.
 *
 * Options are --long, with "=" or a blank before the value; "--" ends them; they may stand among
 * the words. Every program has --help and --version, and --man and --completion, which --help does
 * not name: `make install` calls them.
 */
#ifndef OCI_CLI_CLI_OPT_H
#define OCI_CLI_CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/value.h"

struct err;
struct exit_status_row;
struct unit_rate;

/* The texts of an option that may be given several times, in their order. */
#define CLI_TEXTS_MAX 64
struct cli_texts {
	const char *v[CLI_TEXTS_MAX];
	size_t n;
};

struct cli_opt {
	const char *name;        /* without the dashes; NULL ends the table */
	const char *value;       /* what --help calls the value; NULL: the option takes none */
	const char *help;        /* one or more sentences; wrapped */
	const char *section;     /* starts a section of --help, such as "Which lists" */
	const char **to;         /* gets the text (lent from argv) */
	struct cli_texts *texts; /* may be given several times: gets each text (lent from argv) */
	const char **list; /* words with commas between them: gets the text (lent from argv) */
	long *number;      /* from min to max */
	long *duration;    /* seconds, or UNIT_NEVER */
	int64_t *size;     /* bytes */
	struct unit_rate *byte_rate; /* oci/base/unit.h */
	int *choice;                 /* the place of the given word in `words` */
	bool *flag;                  /* set to true */
	long min, max;               /* of a number */
	const char *const *words;    /* of a choice, maybe of a list; NULL ends them */
};

/* Ends a table that is an array of its own. */
#define CLI_OPT_END                                                                                \
	{                                                                                          \
		.name = NULL                                                                       \
	}

#define CLI_TABLE_MAX 64

/* A table that is put together from several arrays of rows. */
struct cli_table {
	struct cli_opt rows[CLI_TABLE_MAX + 1]; /* the last one, without a name, is the end */
	size_t n;
};

#define CLI_TABLE_INIT                                                                             \
	{                                                                                          \
		.n = 0                                                                             \
	}

/* Appends n rows. */
void cli_table_add(struct cli_table *table, const struct cli_opt *rows, size_t n);
#define CLI_TABLE_ADD(table, rows) cli_table_add(table, rows, sizeof(rows) / sizeof((rows)[0]))

/* A row of ENVIRONMENT (a variable) or of EXAMPLES (a command line). */
struct cli_item {
	const char *name; /* NULL ends the rows */
	const char *text; /* what it is for; NULL: nothing is said about it */
};

/* What a program, or a verb of it, says about itself. NULL: it has no such section. */
struct cli_program {
	const char *name;     /* "mirror-sync", "mirror-publish rollback" */
	const char *synopsis; /* "[OPTION...] [PATTERN...]" */
	const char *summary;  /* one line */
	const char *text;     /* paragraphs shown before the options */
	const struct cli_opt *options;
	bool *given;       /* gets true for each row of options that is given; or NULL */
	const char *words; /* what its words are, as a value is called ("DIR"): for completion */
	const struct exit_status_row *statuses; /* a row without a meaning ends them */
	const char *status_text;                /* a paragraph after the statuses */
	const struct cli_item *environment, *examples;
	const char *const *see_also; /* "mirror-serve(1)"; NULL ends them */
};

enum cli_opt_result { CLI_OPT_GO, CLI_OPT_HELP, CLI_OPT_VERSION, CLI_OPT_MAN, CLI_OPT_COMPLETION };

/*
 * Reads argv[1..]. Words that are no options are moved to the front of argv: *words points at them,
 * *n counts them. Gives CLI_OPT_GO, or which of --help, --version, --man and --completion came
 * first; or -1 with USAGE: an unknown option (with the nearest known one), a missing value, a value
 * that is not what the row says, an option with a value that is given twice.
 */
int cli_opt_parse(const struct cli_program *p, int argc, char **argv, char ***words, size_t *n,
		  struct err *err);

/* Every program has these; ended by CLI_OPT_END. */
extern const struct cli_opt cli_opt_common[];

/* The kind of a row's value, by the pointer that is given. */
enum value_kind cli_opt_kind(const struct cli_opt *o);

/* Whether the text given to --<option> may be published: one line of UTF-8 of at most `max` bytes.
 * 0, or -1 with USAGE. A text that is NULL is fine. */
int cli_opt_check_text(const char *option, const char *text, size_t max, struct err *err);

#endif
