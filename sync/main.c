/*
 * mirror-sync: upstream registries -> mirror. This file reads the environment and turns what happened
 * into the exit status; the command line is read by sync/cmdline.c.
 */
#include <stdio.h>

#include "oci/err.h"
#include "oci/list.h"
#include "oci/log.h"
#include "oci/opt.h"
#include "oci/own.h"
#include "sync/check.h"
#include "sync/env.h"
#include "sync/cmdline.h"
#include "sync/report.h"
#include "sync/run.h"
#include "sync/show.h"

enum { EXIT_USAGE = 1, EXIT_MIRROR = 16 };

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

/* ---- the work ---- */

static int fail(const struct err *err, int status)
{
	log_err(err);
	return status;
}

static int sync_and_report(struct run *r, const struct cmdline *o, struct source *source)
{
	struct err err, report_err;
	int result = run_sync(r, &o->run, source, &err);
	int status = result < 0 ? EXIT_MIRROR : run_status(r) & ~o->tolerate;

	show_progress_end();
	if (result < 0)
		log_err(&err);
	else
		show_results(r);
	if (o->report && r->registry && report_write(r, o->report, status, &report_err) < 0)
		return fail(&report_err, status | EXIT_USAGE);
	return status;
}

static int with_environment(struct cmdline *o, struct source *source)
{
	own_by(env_release) struct env env = { .mirror = NULL };
	struct run r = {
		.layout = LAYOUT_INIT, .scratch = LAYOUT_INIT, .lock = -1, .turn = show_progress
	};
	struct err err;
	int status;

	if (env_read(&env, &err) < 0)
		return fail(&err, EXIT_USAGE);
	o->run.wire = &env.wire;
	o->run.stop = &stop;
	if (!o->run.mirror)
		o->run.mirror = env.mirror ? env.mirror : "mirror";
	catch_signals();
	status = sync_and_report(&r, o, source);
	run_release(&r);
	return status;
}

static int with_lists(struct cmdline *o, struct source *source)
{
	struct err err;

	if (source_load(source, &o->source, &err) < 0)
		return fail(&err, EXIT_USAGE);
	if (check_print(source, o->format) > 0) {
		log_line("the lists have errors: nothing was done");
		return EXIT_USAGE;
	}
	if (o->check) {
		check_summary(source, o->format);
		return 0;
	}
	o->run.suffix = source->lists->suffix;
	return with_environment(o, source);
}

int main(int argc, char **argv)
{
	struct source source = SOURCE_INIT;
	struct cmdline *o;
	struct err err;
	int status;

	log_init(cmdline_program.name);
	switch (cmdline_read(argc, argv, &o, &err)) {
	case OPT_HELP: opt_help(&cmdline_program, stdout); return 0;
	case OPT_MAN: opt_man(&cmdline_program, stdout); return 0;
	case OPT_VERSION: printf("mirror-sync %s\n", MIRROR_VERSION); return 0;
	case OPT_GO: break;
	default: return fail(&err, EXIT_USAGE);
	}
	status = with_lists(o, &source);
	source_release(&source);
	return status;
}
