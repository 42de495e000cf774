#include "oci/cli/cli_opt.h"

#include "oci/base/unit.h"
#include "oci/cli/cli_help.h"
#include "oci/cli/exit_status.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

static struct {
	const char *mirror;
	long jobs;
	bool force;
	const char *kinds;
	long wait;
	int64_t room;
	struct unit_rate rate;
	int format;
} got;

static const char *const formats[] = { "text", "json", NULL };
static const char *const kinds[] = { "gone", "failed", NULL };

static const struct cli_opt options[] = {
	{ .name = "mirror", .value = "DIR", .to = &got.mirror, .help = "where" },
	{ .name = "jobs",
	  .value = "N",
	  .number = &got.jobs,
	  .min = 1,
	  .max = 256,
	  .help = "a help text that is long enough that it does not fit on one line of eighty "
		  "columns" },
	{ .name = "wait", .value = "DURATION", .duration = &got.wait, .help = "how long" },
	{ .name = "room", .value = "SIZE", .size = &got.room, .help = "how much" },
	{ .name = "rate", .value = "RATE", .byte_rate = &got.rate, .help = "how fast" },
	{ .name = "format",
	  .value = "FORMAT",
	  .choice = &got.format,
	  .words = formats,
	  .help = "in what form" },
	{ .name = "kinds", .value = "KINDS", .list = &got.kinds, .words = kinds, .help = "which" },
	{ .section = "More", .name = "force", .flag = &got.force, .help = "a \\ and a -dash" },
	CLI_OPT_END,
};
static const struct exit_status_row statuses[] = { { EXIT_OK, NULL, "fine" },
						   { EXIT_MIRROR, NULL, "broken" },
						   { EXIT_OK, NULL, NULL } };
static const struct cli_item environment[] = { { "MIRROR_DIR", "where it is" }, { NULL, NULL } };
static const struct cli_item examples[] = { { "mirror-test -", NULL },
					    { "mirror-test --jobs 1", "slowly" },
					    { NULL, NULL } };
static const char *const see_also[] = { "mirror-a(1)", "mirror-b(1)", NULL };

static const struct cli_program program = {
	.name = "mirror-test",
	.synopsis = "[OPTION...] [WORD...]",
	.summary = "test",
	.text = "one\n\n.two\n\n  mirror-test --force\n    and so on",
	.statuses = statuses,
	.status_text = "The sum.",
	.environment = environment,
	.examples = examples,
	.see_also = see_also,
	.options = options,
};

/* A command line; the result, or part of the error. */
static const struct {
	const char *name, *args[5];
	int result;
	const char *says;
} rows[] = {
	{ "nothing", { NULL }, CLI_OPT_GO, NULL },
	{ "--help anywhere", { "a", "--help" }, CLI_OPT_HELP, NULL },
	{ "--version", { "--version" }, CLI_OPT_VERSION, NULL },
	{ "--man", { "--man" }, CLI_OPT_MAN, NULL },
	{ "an unknown option is named, with the nearest",
	  { "--miror", "x" },
	  -1,
	  "\"--miror\" (did you mean \"--mirror\"?)" },
	{ "a far one has no nearest",
	  { "--frobnicate" },
	  -1,
	  "\"--frobnicate\" (--help lists them)" },
	{ "a missing value", { "--mirror" }, -1, "--mirror needs a value" },
	{ "an empty value", { "--mirror=" }, -1, "empty value" },
	{ "a value where none is taken", { "--force=1" }, -1, "takes no value" },
	{ "an option with a value, given twice",
	  { "--mirror", "a", "--mirror=b" },
	  -1,
	  "--mirror is given twice: only one value can count" },
	{ "a flag may be given twice", { "--force", "--force" }, CLI_OPT_GO, NULL },
	{ "a number too large", { "--jobs=257" }, -1, "from 1 to 256" },
	{ "a number too small", { "--jobs", "0" }, -1, "from 1 to 256" },
	{ "a number that is none", { "--jobs", "many" }, -1, "\"many\"" },
	{ "a duration that is none",
	  { "--wait", "soon" },
	  -1,
	  "--wait: \"soon\" is not a duration" },
	{ "a size that is none", { "--room=big" }, -1, "--room: \"big\" is not a size" },
	{ "a rate that is none", { "--rate=fast" }, -1, "--rate: \"fast\" is not a rate of bytes" },
	{ "a choice that is none",
	  { "--format", "xml" },
	  -1,
	  "--format is one of text, json, not \"xml\"" },
	{ "a list with another word",
	  { "--kinds", "gone,late" },
	  -1,
	  "--kinds takes a list of gone, failed, not \"late\"" },
	{ "--completion", { "--completion" }, CLI_OPT_COMPLETION, NULL },
	{ "a short option", { "-f" }, -1, "\"-f\"" },
};

static int run(const char *const *args, char ***words, size_t *n, struct err *err)
{
	static char *argv[8];
	int argc = 1;

	argv[0] = (char *)"mirror-test";
	for (; argc < 6 && args[argc - 1]; argc++)
		argv[argc] = (char *)args[argc - 1];
	argv[argc] = NULL;
	got.mirror = NULL;
	got.jobs = 0;
	got.force = false;
	return cli_opt_parse(&program, argc, argv, words, n, err);
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;
		char **words;
		size_t n;
		int r = run(rows[i].args, &words, &n, &err);

		CHECK_ROW(r == rows[i].result, rows[i].name);
		if (rows[i].says)
			CHECK_ROW(err.kind == ERR_USAGE && strstr(err.msg, rows[i].says), err.msg);
	}
}

static void test_values(void)
{
	static const char *const args[] = { "one", "--mirror=a=b", "--jobs", "7", "--force" };
	static const char *const ended[] = { "--force", "--", "--jobs", "-", NULL };
	struct err err;
	char **words;
	size_t n;

	CHECK(run(args, &words, &n, &err) == CLI_OPT_GO);
	CHECK_TEXT(got.mirror, "a=b", "what follows the first = is the value");
	CHECK_ROW(got.jobs == 7 && got.force, "a number behind a blank, a flag");
	CHECK_ROW(n == 1 && strcmp(words[0], "one") == 0, "words among options are kept");
	CHECK(run(ended, &words, &n, &err) == CLI_OPT_GO);
	CHECK_ROW(n == 2 && strcmp(words[0], "--jobs") == 0 && strcmp(words[1], "-") == 0,
		  "-- ends the options, and - is a word");
}

static void test_kinds(void)
{
	static const char *const first[] = { "--wait=2m", "--room", "4K", "--rate=10K/m", NULL },
				 *const second[] = { "--format=json", "--kinds", "failed,gone",
						     NULL };
	struct err err;
	char **words;
	size_t n;

	CHECK(run(first, &words, &n, &err) == CLI_OPT_GO);
	CHECK_ROW(got.wait == 120 && got.room == 4096, "a duration in seconds, a size in bytes");
	CHECK_ROW(got.rate.amount == 10 * 1024 && got.rate.seconds == 60, "a rate");
	CHECK(run(second, &words, &n, &err) == CLI_OPT_GO);
	CHECK_ROW(got.format == 1, "a choice is the place of its word");
	CHECK_TEXT(got.kinds, "failed,gone", "a list is its text");
}

static char *printed(void (*print)(const struct cli_program *, FILE *))
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	print(&program, f);
	fclose(f);
	return text;
}

static void test_texts(void)
{
	cleanup_free char *help = printed(cli_help_print), *man = printed(cli_help_man);
	size_t longest = 0, n = 0;

	for (const char *c = help; *c; c++) {
		n = *c == '\n' ? 0 : n + 1;
		longest = n > longest ? n : longest;
	}
	CHECK_ROW(longest <= 80, "--help fits a terminal of 80 columns");
	CHECK_ROW(strstr(help, "--jobs N") && strstr(help, "More:") && strstr(help, "--version"),
		  "--help names every option and section");
	CHECK_ROW(strstr(help, "\n  mirror-test --force\n"), "indented lines keep their shape");
	CHECK_ROW(strstr(help, "\nExit status:\n   0  fine\n  16  broken\nThe sum.\n"),
		  "--help has the exit statuses");
	CHECK_ROW(strstr(help, "\nEnvironment:\n  MIRROR_DIR  "), "the environment");
	CHECK_ROW(strstr(help, "\nExamples:\n  mirror-test -\n  mirror-test --jobs 1  "),
		  "examples, explained or not");
	CHECK_ROW(strstr(help, "\nSee also: mirror-a(1), mirror-b(1)\n"), "and other pages");
	CHECK_ROW(strstr(man, ".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\nfine\n"),
		  "the man page has the exit statuses");
	CHECK_ROW(strstr(man, ".SH ENVIRONMENT\n") && strstr(man, ".SH EXAMPLES\n") &&
			  strstr(man, ".SH \"SEE ALSO\"\n\\fBmirror\\-a(1)\\fR,\n"),
		  "and the other sections");
	CHECK_ROW(strstr(man, "\\fB\\-\\-jobs\\fR \\fIN\\fR"), "the man page has the option");
	CHECK_ROW(strstr(man, "\\&.two"), "a dot at the start of a line is no request");
	CHECK_ROW(strstr(man, "\nmirror\\-test \\-\\-force\n  and so on\n"),
		  "examples keep their shape there too");
	CHECK_ROW(strstr(man, "a \\e and a \\-dash"), "backslash and dash are themselves");
}

int main(void)
{
	test_rows();
	test_values();
	test_kinds();
	test_texts();
	return tap_done();
}
