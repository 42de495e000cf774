#include "sync/cmdline.h"

#include <string.h>

#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/base/unit.h"
#include "oci/cli/exit_status.h"
#include "oci/image/glob.h"
#include "oci/image/snapshot_suffix.h"

static struct {
	struct cmdline all;
	const char *repo, *tolerate, *quota_wait, *format; /* as written */
} o = {
	.all = { .run = { .jobs = 16 }, .source = { .where = "mirror-lists", .rev = "HEAD" } },
};

static const struct cli_opt options[] = {
	{ .section = "Which mirror",
	  .name = "mirror",
	  .value = "DIR",
	  .to = &o.all.run.mirror,
	  .help = "the mirror's directory, made when missing (default: $MIRROR_DIR, else \"mirror\")" },
	{ .name = "wait",
	  .value = "SECONDS",
	  .number = &o.all.run.wait,
	  .max = 86400,
	  .help = "how long to wait while another sync is at work (default 0)" },
	{ .section = "Which lists",
	  .name = "lists",
	  .value = "DIR",
	  .to = &o.all.source.where,
	  .help = "a directory in a git checkout, or REPO.git:PATH in a bare repository (default "
		  "\"mirror-lists\")" },
	{ .name = "repo",
	  .value = "URL",
	  .to = &o.repo,
	  .help = "a git repository that is fetched first (https://, ssh://, git@host:path, a path ...); "
		  "--lists is then a path inside it, and the clone is kept in the mirror, under "
		  ".mirror/lists.git; a token for it belongs into ~/.netrc" },
	{ .name = "rev",
	  .value = "REV",
	  .to = &o.all.source.rev,
	  .help = "the revision to read them from: a branch, a tag, a commit (default HEAD; with --repo, "
		  "what is HEAD there)" },
	{ .name = "conf-rev",
	  .value = "REV",
	  .to = &o.all.source.conf_rev,
	  .help = "the revision to read mirror.conf from, where it is another one: a pull request keeps to "
		  "the rules of the branch it is for" },
	{ .name = "worktree",
	  .flag = &o.all.source.worktree,
	  .help = "read the files as they are, committed or not; needs no git" },
	{ .section = "What to do",
	  .name = "check",
	  .flag = &o.all.check,
	  .help = "read the lists, report everything that is wrong with them, and stop; asks nobody" },
	{ .name = "online",
	  .flag = &o.all.online,
	  .help = "with --check: also ask the upstreams for what is listed, without fetching it: is it there, may "
		  "we have it, what would it add, does that keep to the policy" },
	{ .name = "since",
	  .value = "REV",
	  .to = &o.all.since,
	  .help = "with --online: ask only for lines that mean something else than in that revision "
		  "(\"origin/main\")" },
	{ .name = "dry-run",
	  .flag = &o.all.run.dry_run,
	  .help = "ask the upstreams and print what would move; change nothing; status 32 when "
		  "something would" },
	{ .name = "sizes",
	  .flag = &o.all.run.sizes,
	  .help = "with --dry-run: also how much would be fetched (manifests are read for it)" },
	{ .name = "against",
	  .value = "URL",
	  .to = &o.all.run.against,
	  .help = "with --dry-run or --online: compare with what a running mirror-serve publishes, not with a "
		  "directory" },
	{ .name = "missing",
	  .flag = &o.all.run.missing,
	  .help = "fetch what is listed and not there yet; move nothing" },
	{ .name = "force",
	  .flag = &o.all.run.force,
	  .help = "ask for everything, also what refresh= says is not due" },
	{ .name = "jobs",
	  .value = "N",
	  .number = &o.all.run.jobs,
	  .min = 1,
	  .max = 256,
	  .help = "requests at once to one host, unless mirror.conf says otherwise (default 16)" },
	{ .name = "wait-for-quota",
	  .value = "DURATION",
	  .to = &o.quota_wait,
	  .help = "when an upstream's pull limit is used up, wait up to so long (\"90m\", \"6h\") for it and "
		  "go on; without it, the rest of that host's work is left for the next run, status 4" },
	{ .name = "label",
	  .value = "TEXT",
	  .to = &o.all.run.label,
	  .help = "a name for the generation that is published: \"sprint-47\", a job's number" },
	{ .name = "snapshot-suffix",
	  .value = "FORMAT",
	  .to = &o.all.source.suffix,
	  .help = "what follows the tag in a snapshot's name, for strftime, in UTC (default "
		  "mirror.conf's, else \"" SNAPSHOT_SUFFIX_DEFAULT "\")" },
	{ .section = "What to tell",
	  .name = "format",
	  .value = "FORMAT",
	  .to = &o.format,
	  .help = "how --check tells of problems: \"text\", as annotations for \"github\", or on stdout as "
		  "a code quality report for \"gitlab\"" },
	{ .name = "report",
	  .value = "FILE",
	  .to = &o.all.report,
	  .help = "write what happened as JSON, as JUnit XML when FILE ends in .xml, as Markdown when it "
		  "ends in .md" },
	{ .name = "tolerate",
	  .value = "KINDS",
	  .to = &o.tolerate,
	  .help = "leave these out of the exit status: a list of gone, limited, failed" },
	CLI_OPT_END,
};

const struct cli_program cmdline_program = {
	.name = "mirror-sync",
	.synopsis = "[OPTION...] [PATTERN...]",
	.summary = "bring a mirror of container images up to date with its lists",
	.text = "Reads the lists of images from a git commit, asks each upstream registry what the tags "
		"mean now, fetches what is missing, and publishes all of it at once. A tag that moves keeps "
		"its old content under a dated name (3.19 as 3.19.20261120). One image that fails never "
		"stops the others; an upstream that fails never removes anything.\n"
		"\n"
		"With PATTERNs, only references that match one: \"docker.io/library/alpine:3.19\", "
		"\"quay.io/*\", \"*:latest\".",
	.after =
		"Exit status, a sum of:\n"
		"   0  everything listed is in the mirror and current, or held\n"
		"   1  usage, configuration or list error: nothing was done\n"
		"   2  some images could not be synced, or a signal came first\n"
		"   4  an upstream's rate limit stopped part of the work\n"
		"   8  something mirrored earlier is gone upstream; it is still served\n"
		"  16  the mirror itself could not be used; nothing was published\n"
		"  32  with --dry-run: changes are pending\n"
		"With --check --online it tells what a sync would: 0 every line that was asked for is fine, "
		"1 the lists have errors, 2 some line would fail, 4 a rate limit left some line open. Warnings do "
		"not count, and changes that are pending neither.\n"
		"\n"
		"Environment: MIRROR_DIR; credentials of registries as docker and podman keep them (DOCKER_AUTH_CONFIG, "
		"REGISTRY_AUTH_FILE, DOCKER_CONFIG, else what \"docker login\" or \"podman login\" wrote); SSL_CERT_FILE, "
		"SSL_CERT_DIR; HTTP_PROXY, HTTPS_PROXY, NO_PROXY; NO_COLOR.\n"
		"\n"
		"Examples:\n"
		"  mirror-sync --check                   is the list right? (before it is merged)\n"
		"  mirror-sync --check --online --since origin/main\n"
		"                                        and may we have what it adds?\n"
		"  mirror-sync --dry-run                 what would move?\n"
		"  mirror-sync --label sprint-47         do it\n"
		"  mirror-sync --missing                 only what was added to the lists",
	.options = options,
};

/* Whether options that need another one have it. */
static int check_together(const struct cmdline *a, struct err *err)
{
	const struct {
		bool wrong;
		const char *words;
	} rules[] = {
		{ a->online && !a->check, "--online goes with --check" },
		{ a->since && !a->online, "--since goes with --check --online" },
		{ a->check && (a->run.dry_run || a->run.missing),
		  "--check goes without --dry-run and --missing" },
		{ o.format && !a->check, "--format goes with --check" },
		{ a->source.conf_rev && a->source.worktree,
		  "--conf-rev and --worktree do not go together" },
		{ o.repo && a->source.worktree, "--repo and --worktree do not go together" },
		{ a->run.against && !a->run.dry_run && !a->online,
		  "--against goes with --dry-run or --check --online" },
		{ a->run.sizes && !a->run.dry_run, "--sizes goes with --dry-run" },
		{ a->run.missing && a->run.dry_run, "--missing and --dry-run do not go together" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].wrong)
			return err_set(err, ERR_USAGE, 0, "%s", rules[i].words);
	return 0;
}

static int check_values(struct cmdline *a, struct err *err)
{
	struct run_options *run = &a->run;

	if (cli_opt_check_text("label", run->label, LIMIT_LABEL, err) < 0)
		return -1;
	for (size_t i = 0; i < run->npatterns; i++)
		if (glob_check_ref(span_str(run->patterns[i]), err) < 0)
			return -1;
	if (o.quota_wait && unit_duration(&run->quota_wait, span_str(o.quota_wait), err) < 0)
		return err_wrap(err, "--wait-for-quota");
	if (run->quota_wait == UNIT_NEVER)
		return err_set(
			err, ERR_USAGE, 0,
			"--wait-for-quota is how long to wait, such as 6h: \"never\" is what happens without it");
	if (a->source.suffix && snapshot_suffix_check(a->source.suffix, err) < 0)
		return err_wrap(err, "--snapshot-suffix");
	if (o.format && problem_format_read(&a->format, o.format, err) < 0)
		return -1;
	if (o.repo && remote_parse(&a->remote, o.repo, err) < 0)
		return -1;
	return exit_status_tolerate(o.tolerate, &a->tolerate, err);
}

int cmdline_read(int argc, char **argv, struct cmdline **line, struct err *err)
{
	struct cmdline *a = &o.all;
	int result = cli_opt_parse(&cmdline_program, argc, argv, &a->run.patterns,
				   &a->run.npatterns, err);

	*line = a;
	if (result != CLI_OPT_GO)
		return result;
	if (check_together(a, err) < 0 || check_values(a, err) < 0)
		return -1;
	if (a->online) /* is a dry run that leaves nothing out */
		a->run.check = a->run.dry_run = a->run.sizes = a->run.force = true;
	return CLI_OPT_GO;
}
