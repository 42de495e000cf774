/*
 * mirror-sync: upstream registries -> mirror. This file reads the command line and the environment,
 * and turns what happened into the exit status.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/err.h"
#include "oci/glob.h"
#include "oci/limits.h"
#include "oci/list.h"
#include "oci/log.h"
#include "oci/stamp.h"
#include "oci/unit.h"
#include "oci/opt.h"
#include "oci/own.h"
#include "sync/check.h"
#include "sync/env.h"
#include "sync/report.h"
#include "sync/run.h"
#include "sync/show.h"

enum { EXIT_USAGE = 1, EXIT_MIRROR = 16 };

static struct {
	struct run_options run;
	struct source_options source;
	bool check;
	const char *report, *tolerate, *quota_wait;
} o = {
	.run = { .jobs = 16 },
	.source = { .where = "mirror-lists", .rev = "HEAD" },
};

static const struct opt options[] = {
	{ .section = "Which mirror",
	  .name = "mirror",
	  .value = "DIR",
	  .to = &o.run.mirror,
	  .help = "the mirror's directory, made when missing (default: $MIRROR_DIR, else \"mirror\")" },
	{ .name = "wait",
	  .value = "SECONDS",
	  .number = &o.run.wait,
	  .max = 86400,
	  .help = "how long to wait while another sync is at work (default 0)" },
	{ .section = "Which lists",
	  .name = "lists",
	  .value = "DIR",
	  .to = &o.source.where,
	  .help = "a directory in a git checkout, or REPO.git:PATH in a bare repository (default "
		  "\"mirror-lists\")" },
	{ .name = "rev",
	  .value = "REV",
	  .to = &o.source.rev,
	  .help = "the revision to read them from (default HEAD)" },
	{ .name = "worktree",
	  .flag = &o.source.worktree,
	  .help = "read the files as they are, committed or not; needs no git" },
	{ .section = "What to do",
	  .name = "check",
	  .flag = &o.check,
	  .help = "read the lists, report everything that is wrong with them, and stop; asks nobody" },
	{ .name = "dry-run",
	  .flag = &o.run.dry_run,
	  .help = "ask the upstreams and print what would move; change nothing; status 32 when "
		  "something would" },
	{ .name = "sizes",
	  .flag = &o.run.sizes,
	  .help = "with --dry-run: also how much would be fetched (manifests are read for it)" },
	{ .name = "against",
	  .value = "URL",
	  .to = &o.run.against,
	  .help = "with --dry-run: compare with what a running mirror-serve publishes, not with a "
		  "directory" },
	{ .name = "missing",
	  .flag = &o.run.missing,
	  .help = "fetch what is listed and not there yet; move nothing" },
	{ .name = "force",
	  .flag = &o.run.force,
	  .help = "ask for everything, also what refresh= says is not due" },
	{ .name = "jobs",
	  .value = "N",
	  .number = &o.run.jobs,
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
	  .to = &o.run.label,
	  .help = "a name for the generation that is published: \"sprint-47\", a job's number" },
	{ .name = "snapshot-suffix",
	  .value = "FORMAT",
	  .to = &o.source.suffix,
	  .help = "what follows the tag in a snapshot's name, for strftime, in UTC (default "
		  "mirror.conf's, else \"" STAMP_DEFAULT "\")" },
	{ .section = "What to tell",
	  .name = "report",
	  .value = "FILE",
	  .to = &o.report,
	  .help = "write what happened as JSON, as JUnit XML when FILE ends in .xml, as Markdown when it "
		  "ends in .md" },
	{ .name = "tolerate",
	  .value = "KINDS",
	  .to = &o.tolerate,
	  .help = "leave these out of the exit status: a list of gone, limited, failed" },
	OPT_END,
};

static const struct opt_program program = {
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
		"\n"
		"Examples:\n"
		"  mirror-sync --check                   is the list right? (before it is merged)\n"
		"  mirror-sync --dry-run                 what would move?\n"
		"  mirror-sync --label sprint-47         do it\n"
		"  mirror-sync --missing                 only what was added to the lists",
	.options = options,
};

/* ---- signals ---- */

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* The first signal lets what is complete be published; the second one finds the default action. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* ---- options ---- */

static int tolerated(const char *kinds, int *bits, struct err *err)
{
	static const struct {
		const char *word;
		int bit;
	} known[] = { { "failed", 2 }, { "limited", 4 }, { "gone", 8 } };
	struct span rest = span_str(kinds ? kinds : ""), word;

	*bits = 0;
	while (kinds && span_cut(&rest, ',', &word)) {
		int before = *bits;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (span_eq(word, known[i].word))
				*bits |= known[i].bit;
		if (*bits == before)
			return err_set(
				err, ERR_USAGE, 0,
				"--tolerate takes a list of gone, limited, failed, not \"%.*s\"",
				SPAN_ARG(word));
	}
	return 0;
}

static int check_options(struct err *err)
{
	if (o.run.against && !o.run.dry_run)
		return err_set(err, ERR_USAGE, 0, "--against goes with --dry-run");
	if (o.run.sizes && !o.run.dry_run)
		return err_set(err, ERR_USAGE, 0, "--sizes goes with --dry-run");
	if (o.run.missing && o.run.dry_run)
		return err_set(err, ERR_USAGE, 0, "--missing and --dry-run do not go together");
	if (o.run.label && strlen(o.run.label) > LIMIT_LABEL)
		return err_set(err, ERR_USAGE, 0, "--label is longer than %d characters",
			       LIMIT_LABEL);
	for (size_t i = 0; i < o.run.npatterns; i++)
		if (glob_check_ref(span_str(o.run.patterns[i]), err) < 0)
			return -1;
	if (o.quota_wait && unit_duration(&o.run.quota_wait, span_str(o.quota_wait), err) < 0)
		return err_wrap(err, "--wait-for-quota");
	if (o.source.suffix && stamp_check(o.source.suffix, err) < 0)
		return err_wrap(err, "--snapshot-suffix");
	o.run.stop = &stop;
	return 0;
}

/* ---- the work ---- */

static int fail(const struct err *err, int status)
{
	log_err(err);
	return status;
}

static int sync_and_report(struct run *r, struct source *source, int tolerate)
{
	struct err err, report_err;
	int result = run_sync(r, &o.run, source, &err);
	int status = result < 0 ? EXIT_MIRROR : run_status(r) & ~tolerate;

	show_progress_end();
	if (result < 0)
		log_err(&err);
	else
		show_results(r);
	if (o.report && r->registry && report_write(r, o.report, status, &report_err) < 0)
		return fail(&report_err, status | EXIT_USAGE);
	return status;
}

static int with_environment(struct source *source, int tolerate)
{
	own_by(env_release) struct env env = { .mirror = NULL };
	struct run r = {
		.layout = LAYOUT_INIT, .scratch = LAYOUT_INIT, .lock = -1, .turn = show_progress
	};
	struct err err;
	int status;

	if (env_read(&env, &err) < 0)
		return fail(&err, EXIT_USAGE);
	o.run.wire = &env.wire;
	if (!o.run.mirror)
		o.run.mirror = env.mirror ? env.mirror : "mirror";
	catch_signals();
	status = sync_and_report(&r, source, tolerate);
	run_release(&r);
	return status;
}

static int with_lists(struct source *source, int tolerate)
{
	struct err err;

	if (source_load(source, &o.source, &err) < 0)
		return fail(&err, EXIT_USAGE);
	if (check_print(source) > 0) {
		log_line("the lists have errors: nothing was done");
		return EXIT_USAGE;
	}
	if (o.check) {
		check_summary(source);
		return 0;
	}
	o.run.suffix = source->lists->suffix;
	return with_environment(source, tolerate);
}

int main(int argc, char **argv)
{
	struct source source = SOURCE_INIT;
	struct err err;
	int tolerate, status;

	log_init(program.name);
	switch (opt_parse(&program, argc, argv, &o.run.patterns, &o.run.npatterns, &err)) {
	case OPT_HELP: opt_help(&program, stdout); return 0;
	case OPT_MAN: opt_man(&program, stdout); return 0;
	case OPT_VERSION: printf("mirror-sync %s\n", MIRROR_VERSION); return 0;
	case OPT_GO: break;
	default: return fail(&err, EXIT_USAGE);
	}
	if (check_options(&err) < 0 || tolerated(o.tolerate, &tolerate, &err) < 0)
		return fail(&err, EXIT_USAGE);
	status = with_lists(&source, tolerate);
	source_release(&source);
	return status;
}
