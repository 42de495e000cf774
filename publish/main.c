/*
 * mirror-publish: the mirror -> where and how it is offered. This file finds the verb, reads the
 * environment, and turns errors into the exit status.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/suggest.h"
#include "oci/cli/cli_help.h"
#include "oci/cli/completion.h"
#include "oci/cli/message.h"
#include "publish/confirm.h"
#include "publish/verb.h"

#define DEFAULT_WAIT 10
/* How often a verb works without the lock that loses the race against other publishers. */
#define TRIES         4

#define ADDRESS(name) &verb_##name,
static const struct verb *const verbs[] = { VERB_EACH(ADDRESS) };

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* The verbs as a paragraph of --help: a line that begins with a blank keeps its shape. */
static void list_verbs(struct buf *out)
{
	buf_adds(out, "Verbs:\n");
	for (size_t i = 0; i < VERBS; i++)
		buf_addf(out, "  %-8s %-24s %s\n", verbs[i]->name, verbs[i]->words,
			 verbs[i]->summary);
	buf_adds(out,
		 "\n\"mirror-publish VERB --help\" explains a verb. No verb waits for a running "
		 "sync, and no verb loses anything: the content that a tag had before is kept "
		 "under a snapshot's name.");
}

static int unknown_verb(const char *word, struct err *err)
{
	const char *known[VERBS + 1] = { NULL }, *near;

	for (size_t i = 0; i < VERBS; i++)
		known[i] = verbs[i]->name;
	near = suggest_word(span_str(word), known);
	return err_set(err, ERR_USAGE, 0, "unknown verb \"%s\" (%s%s%s)", word,
		       near ? "did you mean \"" : "--help lists them", near ? near : "",
		       near ? "\"?" : "");
}

/* The script has the options of every verb. */
static void print_completion(const struct cli_program *program, struct invocation *inv)
{
	struct verb_page *pages = xcalloc(VERBS, sizeof(*pages));
	struct cli_program programs[1 + VERBS] = { *program };

	for (size_t i = 0; i < VERBS; i++) {
		verb_page_init(&pages[i], verbs[i], inv);
		programs[1 + i] = pages[i].program;
	}
	completion_print(programs, 1 + VERBS, stdout);
	for (size_t i = 0; i < VERBS; i++)
		verb_page_release(&pages[i]);
	free(pages);
}

/* Without a verb: --help and the like, or a mistake. */
static int run_without_verb(struct invocation *inv, int argc, char **argv, struct err *err)
{
	static const struct cli_item examples[] = {
		{ "mirror-publish status", "what does the mirror publish?" },
		{ "mirror-publish rollback alpine:3.19", "go back to its last snapshot" },
		{ NULL, NULL },
	};
	static const char *const see_also[] = { "mirror-sync(1)", "mirror-serve(1)", NULL };
	cleanup_by(buf_release) struct buf text = BUF_INIT(8192);
	struct cli_table table = CLI_TABLE_INIT;
	struct cli_program program = {
		.name = "mirror-publish",
		.synopsis = "[--mirror DIR] [--wait SECONDS] [--confirm URL,...] VERB [ARGS]",
		.summary = "operate what a mirror publishes",
		.options = table.rows,
		.statuses = verb_statuses,
		.environment = verb_environment,
		.examples = examples,
		.see_also = see_also,
	};
	char **words;
	size_t n;
	int r;

	list_verbs(&text);
	program.text = text.p;
	verb_common_options(inv, VERB_WAIT, &table);
	r = cli_opt_parse(&program, argc, argv, &words, &n, err);
	if (r < 0)
		return -1;
	if (r == CLI_OPT_GO)
		return err_set(err, ERR_USAGE, 0, "a verb is missing (--help lists them)");
	if (r == CLI_OPT_COMPLETION)
		print_completion(&program, inv);
	else
		cli_help_answer(&program, r);
	return EXIT_OK;
}

/* The options with a value that may stand before every verb, and why a verb that publishes nothing
 * goes without one of them; NULL: no verb does. A preview of a verb that publishes takes no lock,
 * but may confirm the generation that is there. */
static const struct {
	const char *name, *without, *without_in_preview;
} leading[] = {
	{ "--mirror", NULL, NULL },
	{ "--wait", "it waits for nobody, since it only reads",
	  "it waits for nobody, since it only reads" },
	{ "--confirm", "it only reads, so there is nothing to confirm", NULL },
	{ "--confirm-within", "it only reads, so there is nothing to confirm", NULL },
};

#define LEADING (sizeof(leading) / sizeof(leading[0]))

static bool has_option(int argc, char **argv, const char *name)
{
	size_t n = strlen(name);

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strncmp(argv[i], name, n) == 0 && (!argv[i][n] || argv[i][n] == '='))
			return true;
	return false;
}

static bool has_row(const struct verb_page *page, const char *name)
{
	for (size_t i = 0; i < page->table.n; i++)
		if (strcmp(page->table.rows[i].name, name) == 0)
			return true;
	return false;
}

static int check_reader(const struct verb *v, const struct verb_page *page, int argc, char **argv,
			struct err *err)
{
	bool previews = has_row(page, "dry-run") && has_option(argc, argv, "--dry-run");

	for (size_t i = 0; i < LEADING; i++) {
		const char *why = !(v->common & VERB_WAIT) ? leading[i].without
				  : previews               ? leading[i].without_in_preview
							   : NULL;

		if (why && has_option(argc, argv, leading[i].name))
			return err_set(err, ERR_USAGE, 0, "%s%s goes without %s: %s", v->name,
				       previews ? " --dry-run" : "", leading[i].name, why);
	}
	return 0;
}

/* Runs the verb until no other publisher comes first. */
static int run_until_first(const struct verb *v, struct invocation *inv, const void *options,
			   char **words, size_t n, struct err *err)
{
	for (int tries = 0;; tries++) {
		int status = v->run(inv, options, words, n, err);

		if (status != VERB_AGAIN)
			return status;
		inv->lock_first = tries + 2 >= TRIES;
	}
}

/* What the verb did stays done when the servers cannot be asked. */
static int run_and_confirm(const struct verb *v, struct invocation *inv, const void *options,
			   char **words, size_t n, struct err *err)
{
	cleanup_by(confirm_release) struct confirm servers = CONFIRM_INIT;
	int status, confirmed;

	if (!inv->confirm && inv->confirm_within >= 0)
		return err_set(err, ERR_USAGE, 0,
			       "--confirm-within goes with --confirm, which names the servers");
	if (inv->confirm && confirm_read(&servers, inv->confirm, err) < 0)
		return -1;
	status = run_until_first(v, inv, options, words, n, err);
	if (status < 0 || !inv->confirm)
		return status;
	confirmed = confirm_wait(&servers, inv, err);
	if (confirmed >= 0)
		return status | confirmed;
	err_wrap(err, "%s is done, but the servers of --confirm could not be asked", v->name);
	message_err(err);
	return status | EXIT_PART;
}

static int run_verb(const struct verb *v, struct invocation *inv, int argc, char **argv,
		    struct err *err)
{
	cleanup_by(verb_page_release) struct verb_page page;
	char **words;
	size_t n;
	int r;

	verb_page_init(&page, v, inv);
	if (check_reader(v, &page, argc, argv, err) < 0)
		return -1;
	r = cli_opt_parse(&page.program, argc, argv, &words, &n, err);
	if (r < 0)
		return -1;
	if (r == CLI_OPT_GO && inv->json && (inv->titles || inv->full))
		return err_set(err, ERR_USAGE, 0, "--json goes without --titles%s",
			       v->common & VERB_LONG
				       ? " and --long: it has names and whole digests always"
				       : ": it has names always");
	if (r == CLI_OPT_GO)
		return run_and_confirm(v, inv, page.options, words, n, err);
	cli_help_answer(&page.program, r);
	return EXIT_OK;
}

static bool takes_next_word(const char *option)
{
	for (size_t i = 0; i < LEADING; i++)
		if (strcmp(option, leading[i].name) == 0)
			return true;
	return false;
}

/* Where in argv the verb is: the first word that is neither an option nor the value of one that may
 * stand before it. 0 when there is none. */
static int find_verb(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (takes_next_word(argv[i]))
			i++;
		else if (argv[i][0] != '-')
			return i;
	}
	return 0;
}

static int run_command(struct invocation *inv, int argc, char **argv, struct err *err)
{
	int at = find_verb(argc, argv);

	if (!at)
		return run_without_verb(inv, argc, argv, err);
	for (size_t i = 0; i < VERBS; i++) {
		if (strcmp(argv[at], verbs[i]->name) != 0)
			continue;
		memmove(argv + at, argv + at + 1, (size_t)(argc - at) * sizeof(*argv));
		return run_verb(verbs[i], inv, argc - 1, argv, err);
	}
	return unknown_verb(argv[at], err);
}

static void read_environment(struct invocation *inv)
{
	const char *mirror = getenv("MIRROR_DIR"), *no_color = getenv("NO_COLOR");

	inv->mirror = mirror && mirror[0] ? mirror : "mirror";
	inv->wait = DEFAULT_WAIT;
	inv->confirm_within = -1;
	inv->terminal = isatty(STDOUT_FILENO) == 1;
	inv->color = inv->terminal && !(no_color && no_color[0]);
	format_who(inv->who);
}

int main(int argc, char **argv)
{
	struct invocation inv = { .json = false };
	struct err err = ERR_INIT;
	int status;

	message_init("mirror-publish");
	read_environment(&inv);
	status = run_command(&inv, argc, argv, &err);
	if (status < 0) {
		message_err(&err);
		status = err.kind == ERR_USAGE ? EXIT_USAGE : EXIT_MIRROR;
	}
	if (message_flush_output() < 0)
		status |= EXIT_PART;
	return status;
}
