/*
 * verb - a verb of mirror-publish: all that it declares about itself, in one row.
 *
 * A verb is one file, publish/verb_NAME.c, which exports one `const struct verb`, and its name in
 * VERB_EACH() below. main() finds the verb among the words, reads its options, answers --help,
 * prints the error of a verb that fails, and gives the exit status.
 *
 *	struct rollback { const char *to; bool freeze; };
 *
 *	static void rollback_options(void *options, struct cli_table *table)
 *	{
 *		struct rollback *o = options;
 *		const struct cli_opt rows[] = {
 *			{ .name = "to", .value = "STAMP", .to = &o->to, .help = "..." },
 *			{ .name = "freeze", .flag = &o->freeze, .help = "..." },
 *		};
 *
 *		CLI_TABLE_ADD(table, rows);
 *	}
 *
 *	const struct verb verb_rollback = {
 *		.name = "rollback", .words = "PATTERN...", .summary = "...", ...,
 *		.common = VERB_JSON | VERB_WAIT,
 *		.options_size = sizeof(struct rollback), .options = rollback_options,
 *		.run = rollback_run,
 *	};
 */
#ifndef PUBLISH_VERB_H
#define PUBLISH_VERB_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/cli/cli_opt.h"
#include "oci/cli/exit_status.h"
#include "oci/cli/format.h"

struct err;

/* What holds for any verb: the options that verbs share, and the environment. */
struct invocation {
	const char *mirror;  /* --mirror, else MIRROR_DIR, else "mirror" */
	long wait;           /* seconds to wait for another publisher */
	const char *confirm; /* --confirm: the servers that are to have it, or NULL */
	long confirm_within; /* ... after so many seconds at most; -1: the default */
	bool json;
	bool titles;   /* --titles: a first row that names the columns, also without a terminal */
	bool full;     /* --long: digests in full */
	bool terminal; /* stdout is one: columns have titles */
	bool color;    /* ... and NO_COLOR is not set */
	char who[FORMAT_WHO]; /* user@host, for holds and the journal */
	bool lock_first;      /* other publishers came first too often: hold the lock throughout */
};

/* What the run of a verb gives when another publisher came first: nothing was changed or printed,
 * and main runs it again. */
#define VERB_AGAIN 256

/* The options that a verb takes besides --mirror and those of its own. */
enum {
	VERB_JSON = 1,   /* --json: it reports */
	VERB_WAIT = 2,   /* it publishes: --wait, --confirm, --confirm-within */
	VERB_TITLES = 4, /* --titles: it prints columns */
	VERB_LONG = 8,   /* --long: digests are among them */
};

struct verb {
	const char *name;
	const char *words;   /* what follows it, for --help: "PATTERN...", or "" */
	const char *summary; /* at most 44 columns, for the list of verbs and its own --help */
	const char *text;    /* paragraphs */
	const struct cli_item *examples;
	/* What statuses of its own mean; verb_statuses[] has the meaning of the others. */
	const struct exit_status_row *statuses;
	unsigned common; /* VERB_JSON ... */
	/* The struct of its options, which starts as zeros, and the function that adds their
	 * rows. */
	size_t options_size;
	void (*options)(void *options, struct cli_table *table);
	/* Does the work for n words: prints results on stdout, and one line on stderr for each
	 * image that fails. Gives the exit status; or -1 with *err when nothing was done: USAGE
	 * is EXIT_USAGE, any other kind EXIT_MIRROR. */
	int (*run)(const struct invocation *inv, const void *options, char **words, size_t n,
		   struct err *err);
};

/* The exit statuses of mirror-publish. */
extern const struct exit_status_row verb_statuses[];
/* The variables that it reads. */
extern const struct cli_item verb_environment[];

/* The options that stand before the verb, and in the tables of verbs: --json, --mirror, --wait,
 * --confirm, --confirm-within. */
void verb_common_options(struct invocation *inv, unsigned common, struct cli_table *table);

/* A verb that is ready to read its command line. */
struct verb_page {
	struct cli_program program; /* "mirror-publish rollback" */
	struct cli_table table;
	struct exit_status_row statuses[8];
	void *options; /* the verb's struct */
	char *name, *synopsis;
};

/* Makes the page of a verb; its options set *inv and page->options. The page must not be moved. */
void verb_page_init(struct verb_page *page, const struct verb *v, struct invocation *inv);
void verb_page_release(struct verb_page *page);

/* Every verb, in the order of --help: V(NAME) for each. */
#define VERB_EACH(V)                                                                               \
	V(status)                                                                                  \
	V(log)                                                                                     \
	V(at) V(find) V(diff) V(du) V(rollback) V(hold) V(release) V(undo) V(restored) V(verify)

#define VERB_DECLARE(name) extern const struct verb verb_##name;
VERB_EACH(VERB_DECLARE)

#endif
