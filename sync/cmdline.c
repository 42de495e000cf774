#include "sync/cmdline.h"

#include <string.h>

#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/base/unit.h"
#include "oci/cli/cli_help.h"
#include "oci/cli/cli_opt.h"
#include "oci/cli/exit_status.h"
#include "oci/image/glob.h"
#include "oci/image/snapshot_suffix.h"
#include "sync/mode.h"

/* Options that are read further after the table has been. */
struct given {
	const char *repo, *tolerate;
	const char *tolerable[8]; /* the names of exit statuses, for --tolerate; NULL ends them */
	int format;               /* -1: not given */
	long jobs, wait;          /* -1: not given */
};

/* ---- the table ---- */

static void add_mirror_options(struct cli_table *table, struct cmdline *line, struct given *given)
{
	const struct cli_opt rows[] = {
		{ .section = "Which mirror",
		  .name = "mirror",
		  .value = "DIR",
		  .to = &line->run.mirror,
		  .help = "the mirror's directory; created when missing (default: $MIRROR_DIR, "
			  "else \"mirror\")" },
		{ .name = "wait",
		  .value = "SECONDS",
		  .number = &given->wait,
		  .max = 86400,
		  .help = "how long to wait while another sync is running (default 0)" },
	};

	CLI_TABLE_ADD(table, rows);
}

static void add_source_options(struct cli_table *table, struct cmdline *line, struct given *given)
{
	const struct cli_opt rows[] = {
		{ .section = "Which lists",
		  .name = "lists",
		  .value = "DIR",
		  .to = &line->source.where,
		  .help = "a directory in a git checkout, or REPO.git:PATH in a bare repository "
			  "(default \"mirror-lists\")" },
		{ .name = "repo",
		  .value = "URL",
		  .to = &given->repo,
		  .help = "a git repository that is fetched first (https://, ssh://, "
			  "git@host:path, a path ...); --lists is then a path inside it, and the "
			  "clone is kept in the mirror, under .mirror/lists.git. git fetches "
			  "it, with the user's settings: a token for it belongs into ~/.netrc or a "
			  "credential helper" },
		{ .name = "rev",
		  .value = "REV",
		  .to = &line->source.rev,
		  .help = "the revision to read the lists from: a branch, a tag, a commit (default "
			  "HEAD; with --repo, HEAD of that repository)" },
		{ .name = "conf-rev",
		  .value = "REV",
		  .to = &line->source.conf_rev,
		  .help = "the revision to read mirror.conf from, if not --rev: so that a pull "
			  "request is checked against the rules of its target branch" },
		{ .name = "worktree",
		  .flag = &line->source.worktree,
		  .help = "read the files of the directory, committed or not; needs no git" },
	};

	CLI_TABLE_ADD(table, rows);
}

static void add_action_options(struct cli_table *table, struct cmdline *line)
{
	const struct cli_opt rows[] = {
		{ .section = "What to do",
		  .name = "check",
		  .flag = &line->check,
		  .help = "read the lists, report every error in them, and stop; sends no "
			  "request" },
		{ .name = "online",
		  .flag = &line->online,
		  .help = "with --check: also ask the upstreams about what is listed, without "
			  "fetching it: does it exist, is access granted, how much would it add, "
			  "does the policy allow that" },
		{ .name = "since",
		  .value = "REV",
		  .to = &line->since,
		  .help = "with --online: ask only about lines that have another meaning than in "
			  "that revision (\"origin/main\")" },
		{ .name = "dry-run",
		  .flag = &line->run.dry_run,
		  .help = "ask the upstreams and print which tags would move; change nothing; "
			  "status 32 when a tag would move" },
		{ .name = "convert",
		  .flag = &line->convert,
		  .help = "print lines of a list for FILEs of other tools: the configuration of "
			  "regsync, the YAML of \"skopeo sync\", Kubernetes and compose files, "
			  "Dockerfiles, and text with one reference a line; what has no equal "
			  "becomes a comment; goes without other options" },
		{ .name = "suggest",
		  .value = "FILE",
		  .to = &line->suggest,
		  .help = "print lines of a list for what clients asked for and the mirror "
			  "lacks, the most wanted first. FILE is what mirror-serve "
			  "--record-misses wrote. Each is looked up in the lists, in the policy "
			  "of mirror.conf and upstream (HEAD); fetches nothing. Goes with --lists, "
			  "--repo, --rev, --conf-rev, --worktree, --jobs, --timeout and --trace" },
		{ .name = "sizes",
		  .flag = &line->run.sizes,
		  .help = "with --dry-run: also print how much would be fetched (reads manifests "
			  "for it)" },
		{ .name = "against",
		  .value = "URL",
		  .to = &line->run.against,
		  .help = "with --dry-run or --online: compare with what the mirror-serve at URL "
			  "publishes, instead of with a directory" },
	};

	CLI_TABLE_ADD(table, rows);
}

static void add_work_options(struct cli_table *table, struct cmdline *line, struct given *given)
{
	const struct cli_opt rows[] = {
		{ .name = "missing",
		  .flag = &line->run.missing,
		  .help = "make true what the lists say and the mirror lacks (images, platforms, "
			  "referrers); move no tag but one whose line pins another digest" },
		{ .name = "force",
		  .flag = &line->run.force,
		  .help = "ask about every image, also those that are not due by refresh=, and "
			  "fetch what is missing below it, also when it is held or gone" },
		{ .name = "accept-unlisted",
		  .flag = &line->run.accept_unlisted,
		  .help = "mark as unlisted whatever has left the lists, also when it is more than "
			  "20 images and 5 % of all" },
		{ .name = "observe",
		  .flag = &line->run.observe,
		  .help = "ask the upstreams what they offer, as often as this is called, and "
			  "record it for min-age=; fetch and publish nothing: for an hourly timer "
			  "between syncs" },
		{ .name = "skip-min-age",
		  .flag = &line->run.skip_min_age,
		  .help = "with a PATTERN: publish what upstream offers, also when its min-age= "
			  "is not over; the journal says who did that" },
		{ .name = "jobs",
		  .value = "N",
		  .number = &given->jobs,
		  .min = 1,
		  .max = 256,
		  .help = "requests at once to one host, unless mirror.conf says otherwise "
			  "(default 16)" },
		{ .name = "timeout",
		  .value = "DURATION",
		  .duration = &line->timeout,
		  .help = "end the run after DURATION (\"45m\", \"2h\") as SIGTERM would: what is "
			  "complete is published, what has begun is kept for the next run, and the "
			  "status has 2" },
		{ .name = "max-rate",
		  .value = "BYTES",
		  .byte_rate = &line->run.max_rate,
		  .help = "download no more than BYTES a second (\"50M\"), all hosts and transfers "
			  "together; max-rate= in mirror.conf limits one registry" },
		{ .name = "wait-for-quota",
		  .value = "DURATION",
		  .duration = &line->run.quota_wait,
		  .help = "when an upstream's pull limit is used up, wait for it up to DURATION "
			  "(\"90m\", \"6h\") and go on; without this option, the rest of that "
			  "host's work is left for the next run, with status 4" },
		{ .name = "label",
		  .value = "TEXT",
		  .to = &line->run.label,
		  .help = "a name for the generation that is published, such as \"sprint-47\" or "
			  "the number of a job" },
		{ .name = "snapshot-suffix",
		  .value = "FORMAT",
		  .to = &line->source.suffix,
		  .help = "the suffix of a snapshot's tag, a format of strftime, in UTC (default "
			  "mirror.conf's, else \"" SNAPSHOT_SUFFIX_DEFAULT "\")" },
	};

	CLI_TABLE_ADD(table, rows);
}

static void list_tolerable(struct given *given)
{
	size_t n = 0, max = sizeof(given->tolerable) / sizeof(given->tolerable[0]) - 1;

	for (const struct exit_status_row *row = exit_status_rows; row->meaning; row++)
		if (row->name && n < max)
			given->tolerable[n++] = row->name;
}

static void add_output_options(struct cli_table *table, struct cmdline *line, struct given *given)
{
	const struct cli_opt rows[] = {
		{ .section = "What to print",
		  .name = "format",
		  .value = "FORMAT",
		  .choice = &given->format,
		  .words = problem_format_words,
		  .help = "how --check prints problems: \"text\", as annotations for \"github\", "
			  "or on stdout as a code quality report for \"gitlab\"" },
		{ .name = "report",
		  .value = "FILE",
		  .to = &line->report,
		  .help = "write the results as JSON, as JUnit XML when FILE ends in .xml, as "
			  "Markdown when it ends in .md; \"-\" is stdout, and all else goes to "
			  "stderr then" },
		{ .name = "trace",
		  .value = "FILE",
		  .to = &line->trace,
		  .help = "write every request to a registry and its answer into FILE, with "
			  "time, status, bytes and attempt, and without passwords, tokens and "
			  "bodies" },
		{ .name = "tolerate",
		  .value = "KINDS",
		  .list = &given->tolerate,
		  .words = given->tolerable,
		  .help = "leave these out of the exit status: a list of gone, limited, failed" },
	};

	CLI_TABLE_ADD(table, rows);
}

static const struct cli_item environment[] = {
	{ "MIRROR_DIR", "the mirror's directory, when --mirror is not given" },
	{ "DOCKER_AUTH_CONFIG", "credentials of registries, as JSON" },
	{ "REGISTRY_AUTH_FILE", "the file with credentials that \"podman login\" wrote" },
	{ "DOCKER_CONFIG", "the directory with the config.json that \"docker login\" wrote" },
	{ "SSL_CERT_FILE", "certificates of CAs, instead of the system's" },
	{ "SSL_CERT_DIR", "the same as a directory" },
	{ "HTTP_PROXY, HTTPS_PROXY", "proxies for requests" },
	{ "NO_PROXY", "hosts that are asked without a proxy" },
	{ "NO_COLOR", "when set and not empty: no colours on a terminal" },
	{ NULL, NULL },
};

static const struct cli_item examples[] = {
	{ "mirror-sync --check", "are the lists right? (before they are merged)" },
	{ "mirror-sync --check --online --since origin/main",
	  "do the images exist that were added?" },
	{ "mirror-sync --dry-run", "which tags would move?" },
	{ "mirror-sync --label sprint-47", "do it, and name the generation" },
	{ "mirror-sync --missing", "fetch what a change of the lists added" },
	{ "mirror-sync --convert regsync.yml >mirror-lists/base.list",
	  "begin with what another tool mirrors" },
	{ "mirror-sync --suggest /var/lib/mirror-serve/misses", "what do clients miss?" },
	{ "mirror-sync --observe", "what is offered now? (hourly, for min-age=)" },
	{ NULL, NULL },
};

static const char *const see_also[] = { "mirror-publish(1)", "mirror-serve(1)", NULL };

static const struct cli_program program = {
	.name = "mirror-sync",
	.synopsis = "[OPTION...] [PATTERN...], or --convert FILE..., or --suggest FILE",
	.summary = "bring a mirror of container images up to date with its lists",
	.text = "Reads the lists of images from a git commit, asks each upstream registry for the "
		"digests of the tags now, fetches what is missing, and publishes all of it at "
		"once. A tag that moves keeps its old content under a dated name (3.19 as "
		"3.19.20261120). An image that fails does not stop the others; an upstream that "
		"fails removes nothing.\n\n"
		"With PATTERNs, only references that match one: \"docker.io/library/alpine:3.19\", "
		"\"quay.io/*\", \"*:latest\".",
	.statuses = exit_status_rows,
	.status_text =
		"The status is the sum of these. With --check --online it says what a sync would "
		"give: 0 every line that was asked about is fine, 1 the lists have errors, 2 some "
		"line would fail, 4 a rate limit left some line open. Warnings and pending changes "
		"do not count.",
	.environment = environment,
	.examples = examples,
	.see_also = see_also,
};

/* ---- what the values say together ---- */

/* Two options that do not go together, or of which one needs the other. */
struct rule {
	bool is_broken;
	const char *words;
};

/* Two options that contradict each other, or of which one has no effect without the other; which
 * go with which mode says sync/mode.c. */
static int check_pairs(const struct cmdline *a, const struct given *given, struct err *err)
{
	const struct run_options *run = &a->run;
	const struct rule rules[] = {
		{ a->source.conf_rev && a->source.worktree,
		  "--conf-rev and --worktree do not go together" },
		{ given->repo && a->source.worktree, "--repo and --worktree do not go together" },
		{ a->source.rev && a->source.worktree,
		  "--rev and --worktree do not go together: --worktree reads the files as they "
		  "are" },
		{ run->against && run->mirror,
		  "--against and --mirror do not go together: it compares with the mirror at that "
		  "URL" },
		{ run->skip_min_age && !run->npatterns,
		  "--skip-min-age needs a PATTERN: what is not to wait" },
		{ run->accept_unlisted && run->npatterns,
		  "--accept-unlisted goes without PATTERN: such a run unlists nothing" },
		{ a->check && !a->online && a->timeout >= 0 && !given->repo,
		  "--timeout goes with --check only with --online or --repo: nothing else there "
		  "takes long" },
		{ a->report && strcmp(a->report, "-") == 0 &&
			  given->format == PROBLEM_FORMAT_GITLAB,
		  "--report - and --format gitlab both write on stdout" },
		{ a->convert && !run->npatterns, "--convert needs a FILE, such as a regsync.yml" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].is_broken)
			return err_set(err, ERR_USAGE, 0, "%s", rules[i].words);
	return 0;
}

static int check_values(struct cmdline *a, const struct given *given, struct err *err)
{
	struct run_options *run = &a->run;

	if (cli_opt_check_text("label", run->label, LIMIT_LABEL, err) < 0)
		return -1;
	for (size_t i = 0; i < run->npatterns; i++)
		if (glob_check_ref(span_str(run->patterns[i]), err) < 0)
			return -1;
	if (run->quota_wait == UNIT_NEVER)
		return err_set(
			err, ERR_USAGE, 0,
			"--wait-for-quota is how long to wait, such as 6h: \"never\" is what "
			"happens without it");
	if (a->timeout == 0 || a->timeout == UNIT_NEVER)
		return err_set(err, ERR_USAGE, 0,
			       "--timeout is how long the run may take, such as 45m: \"never\" is "
			       "what happens without it");
	if (a->source.suffix && snapshot_suffix_check(a->source.suffix, err) < 0)
		return err_wrap(err, "--snapshot-suffix");
	run->jobs = given->jobs < 0 ? 16 : given->jobs;
	run->wait = given->wait < 0 ? 0 : given->wait;
	if (!a->source.rev)
		a->source.rev = "HEAD";
	if (given->format >= 0)
		a->format = (enum problem_format)given->format;
	if (exit_status_tolerate(given->tolerate, &a->tolerate, err) < 0)
		return -1;
	return given->repo ? remote_parse(&a->remote, given->repo, err) : 0;
}

int cmdline_read(struct cmdline *line, int argc, char **argv, struct err *err)
{
	struct given given = { .format = -1, .jobs = -1, .wait = -1 };
	struct cli_table table = CLI_TABLE_INIT;
	struct cli_program p = program;
	bool rows_given[CLI_TABLE_MAX] = { false };
	enum mode mode;
	int result;

	*line = (struct cmdline){
		.timeout = -1,
		.source = { .where = "mirror-lists" },
	};
	list_tolerable(&given);
	add_mirror_options(&table, line, &given);
	add_source_options(&table, line, &given);
	add_action_options(&table, line);
	add_work_options(&table, line, &given);
	add_output_options(&table, line, &given);
	p.options = table.rows;
	p.given = rows_given;
	result = cli_opt_parse(&p, argc, argv, &line->run.patterns, &line->run.npatterns, err);
	if (result != CLI_OPT_GO) {
		cli_help_answer(&p, result);
		return result;
	}
	mode = mode_of(table.rows, rows_given);
	if (mode_check(mode, table.rows, rows_given, line->run.npatterns, err) < 0 ||
	    check_pairs(line, &given, err) < 0 ||
	    (mode != MODE_CONVERT && check_values(line, &given, err) < 0))
		return -1;
	if (line->online) /* a dry run that asks about every image */
		line->run.check = line->run.dry_run = line->run.sizes = line->run.force = true;
	return CLI_OPT_GO;
}
