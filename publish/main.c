/*
 * mirror-publish: the mirror -> where and how it is offered. This file knows the verbs, reads the
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
#include "oci/cli/message.h"
#include "publish/format.h"
#include "publish/verb.h"

#define DEFAULT_WAIT 10

static const struct verb verbs[] = {
	{ "status", "[PATTERN...]", "what is published: digests, snapshots, holds", verb_status },
	{ "log", "[REF]", "what generations changed; a tag's history", verb_log },
	{ "at", "DATE REF", "what a reference meant on a day", verb_at },
	{ "rollback", "PATTERN... | --digest D", "move tags back to a snapshot, for everybody",
	  verb_rollback },
	{ "hold", "PATTERN...", "freeze tags until they are released", verb_hold },
	{ "release", "PATTERN...", "let tags move again", verb_release },
	{ "undo", "[--to GENERATION|LABEL]", "put every tag back to an earlier generation",
	  verb_undo },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* The verbs as a paragraph of --help: a line that begins with a blank keeps its shape. */
static void list_verbs(struct buf *out)
{
	buf_adds(out, "Verbs:\n");
	for (size_t i = 0; i < VERBS; i++)
		buf_addf(out, "  %-8s %-24s %s\n", verbs[i].name, verbs[i].words, verbs[i].summary);
	buf_adds(out,
		 "\n\"mirror-publish VERB --help\" tells more about one. None of them waits for "
		 "a running sync, and nothing is ever lost by any of them: what a tag meant "
		 "before is kept under a snapshot's name.");
}

static int no_verb(const char *word, struct err *err)
{
	const char *known[VERBS + 1] = { NULL }, *near;

	for (size_t i = 0; i < VERBS; i++)
		known[i] = verbs[i].name;
	near = suggest_word(span_str(word), known);
	return err_set(err, ERR_USAGE, 0, "unknown verb \"%s\" (%s%s%s)", word,
		       near ? "did you mean \"" : "--help lists them", near ? near : "",
		       near ? "\"?" : "");
}

/* Without a verb: --help, --version, or a mistake. */
static int without_verb(struct invocation *run, int argc, char **argv, struct err *err)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(8192);
	const struct cli_opt options[] = { VERB_MIRROR(run), VERB_WAIT(run), CLI_OPT_END };
	struct cli_program program = {
		.name = "mirror-publish",
		.synopsis = "[--mirror DIR] [--wait SECONDS] VERB [ARGS]",
		.summary = "operate what a mirror publishes",
		.after =
			"Exit status: 0 done, 1 wrong use, 2 done in part or something found, 16 the "
			"mirror could not be used.\n"
			"\n"
			"Environment: MIRROR_DIR; NO_COLOR.",
		.options = options,
	};
	char **words;
	size_t n;
	int r;

	list_verbs(&text);
	program.text = text.p;
	r = verb_parse(&program, argc, argv, &words, &n, err);
	if (r != CLI_OPT_GO)
		return r < 0 ? -1 : EXIT_DONE;
	return err_set(err, ERR_USAGE, 0, "what is to be done? (--help lists the verbs)");
}

int verb_parse(const struct cli_program *p, int argc, char **argv, char ***words, size_t *n,
	       struct err *err)
{
	int r = cli_opt_parse(p, argc, argv, words, n, err);

	if (r == CLI_OPT_HELP)
		cli_opt_help(p, stdout);
	else if (r == CLI_OPT_MAN)
		cli_opt_man(p, stdout);
	else if (r == CLI_OPT_VERSION)
		printf("mirror-publish %s\n", MIRROR_VERSION);
	return r;
}

/* Where in argv the verb is: the first word that is neither an option nor the value of one that may
 * stand before it. 0 when there is none. */
static int find_verb(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--mirror") == 0 || strcmp(argv[i], "--wait") == 0)
			i++;
		else if (argv[i][0] != '-')
			return i;
	}
	return 0;
}

static int run_verb(struct invocation *run, int argc, char **argv, struct err *err)
{
	int at = find_verb(argc, argv);

	if (!at)
		return without_verb(run, argc, argv, err);
	for (size_t i = 0; i < VERBS; i++) {
		if (strcmp(argv[at], verbs[i].name) != 0)
			continue;
		memmove(argv + at, argv + at + 1, (size_t)(argc - at) * sizeof(*argv));
		return verbs[i].run(run, argc - 1, argv, err);
	}
	return no_verb(argv[at], err);
}

static void look_around(struct invocation *run)
{
	const char *mirror = getenv("MIRROR_DIR"), *no_color = getenv("NO_COLOR");

	run->mirror = mirror && mirror[0] ? mirror : "mirror";
	run->wait = DEFAULT_WAIT;
	run->terminal = isatty(STDOUT_FILENO) == 1;
	run->color = run->terminal && !(no_color && no_color[0]);
	format_who(run->who, sizeof(run->who));
}

int main(int argc, char **argv)
{
	struct invocation run = { .json = false };
	struct err err = ERR_INIT;
	int status;

	message_init("mirror-publish");
	look_around(&run);
	status = run_verb(&run, argc, argv, &err);
	if (status < 0) {
		message_err(&err);
		status = err.kind == ERR_USAGE ? EXIT_WRONG_USE : EXIT_NO_MIRROR;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		message_line("cannot write to standard output");
		status |= EXIT_PART;
	}
	return status;
}
