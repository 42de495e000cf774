/*
 * mirror-sync: upstream registries -> mirror. This file puts command line (sync/cmdline.c),
 * environment, lists and run together, and turns the outcome into the exit status.
 */
#include <errno.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/cli/cli_opt.h"
#include "oci/cli/exit_status.h"
#include "oci/cli/message.h"
#include "oci/http/trace.h"
#include "oci/lists/lists.h"
#include "sync/check.h"
#include "sync/cmdline.h"
#include "sync/convert.h"
#include "sync/env.h"
#include "sync/last_run.h"
#include "sync/online_check.h"
#include "sync/output_path.h"
#include "sync/repo.h"
#include "sync/report.h"
#include "sync/run.h"
#include "sync/show.h"
#include "sync/stop.h"
#include "sync/wishes.h"

/* The run then publishes what is complete. */
static volatile sig_atomic_t stop;

/* ---- from the lists to the exit status ---- */

static int fail_with(const struct err *err, int status)
{
	message_err(err);
	return status;
}

static int with_report(const struct run *r, const struct cmdline *o,
		       const struct report_result *result)
{
	struct err err;

	if (o->report && r->registry && report_write(&r->outcome, o->report, result, &err) < 0)
		return fail_with(&err, result->status | EXIT_PART);
	return result->status;
}

/* A full disk needs no search for the cause, so the remedy is told. */
static void tell_mirror(const struct err *err)
{
	bool full = err->sys == ENOSPC || err->sys == EDQUOT;

	message_line(
		"%s%s", err->msg,
		full ? "; what was published stands; make room and run again, it goes on from there"
		     : "");
}

/* For monitoring; the run itself does not fail without it. A run that did not get the lock leaves
 * the other one's file alone. */
static void save_last_run(const struct run *r, int status)
{
	struct err err;

	if (r->options->dry_run || r->options->observe || r->lock < 0 || !r->registry)
		return;
	if (last_run_save(&r->layout, &r->outcome, status, &err) < 0)
		message_warn("%s: %s", r->options->mirror, err.msg);
}

static void tell_stopped(const struct run *r)
{
	if (stop && r->outcome.stopped)
		message_line("stopped by %s before the end%s", stop_words(stop),
			     r->options->dry_run ? "" : "; the next run goes on from there");
}

static int sync_lists(struct run *r, const struct cmdline *o, struct list_source *source)
{
	struct err err;
	int done = run_sync(r, &o->run, source, &err);
	const struct report_result result = {
		.status = done < 0 ? EXIT_MIRROR : outcome_status(&r->outcome, o->tolerate),
		.tolerate = o->tolerate,
		.error = done < 0 ? err.msg : NULL,
	};

	show_progress_end();
	if (done < 0)
		tell_mirror(&err);
	else
		show_results(&r->outcome, o->color);
	tell_stopped(r);
	save_last_run(r, result.status);
	return with_report(r, o, &result);
}

static int check_online(struct run *r, struct cmdline *o, struct list_source *source)
{
	cleanup_by(online_check_release) struct online_check online = ONLINE_CHECK_INIT;
	struct report_result result;
	struct err err;
	int done;

	if (online_check_choose(&online, source, &o->source, o->since, &err) < 0)
		return fail_with(&err, EXIT_USAGE);
	done = online_check_ask(&online, r, &o->run, &err);
	show_progress_end();
	if (done < 0)
		return fail_with(&err, EXIT_MIRROR);
	check_print(source, o->format);
	online_check_show(&online, o->format);
	tell_stopped(r);
	result = (struct report_result){
		.status = (online_check_status(&online) & ~o->tolerate) |
			  (r->outcome.stopped ? EXIT_PART : 0),
		.tolerate = o->tolerate | EXIT_GONE, /* only a warning here */
	};
	return with_report(r, o, &result);
}

static int suggest(const struct cmdline *o, struct list_source *source)
{
	struct err err;
	int status = wishes_print(o->suggest, source, &o->run, &err);

	return status < 0 ? fail_with(&err, EXIT_USAGE) : status;
}

static int ask(struct run *r, struct cmdline *o, struct list_source *source, bool checks)
{
	if (o->suggest)
		return suggest(o, source);
	return checks ? check_online(r, o, source) : sync_lists(r, o, source);
}

static int with_lists(struct cmdline *o, struct env *env, struct run *r, struct list_source *source)
{
	bool asks, unread;
	struct err err;
	int status;

	if (o->check) {
		lists_add_denied(source->lists);
		list_source_check_own_conf(source);
		check_hosts(source);
	}
	/* the lists' warnings are then printed with what upstreams say */
	asks = o->online && !source->lists->problems.errors;
	unread = source->lists->problems.errors > 0;
	if (o->check && !asks)
		lists_add_conflicts(source->lists);

	if (!asks && check_print(source, o->format) > 0) {
		message_line("the lists %s: nothing was done",
			     unread ? "have errors" : "contradict themselves");
		return unread ? EXIT_USAGE : EXIT_PART;
	}
	if (o->check && !asks) {
		check_summary(source, o->format);
		return 0;
	}
	if (env_read_credentials(env, &err) < 0 || (o->report && report_check(o->report, &err) < 0))
		return fail_with(&err, EXIT_USAGE);
	o->run.suffix = source->lists->suffix;
	o->run.wire = &env->wire;
	stop_on_signals(&stop);
	status = ask(r, o, source, asks);
	o->run.wire = NULL;
	run_release(r); /* its targets point into the lists */
	return status;
}

static int load_lists(struct cmdline *o, struct env *env, struct run *r)
{
	cleanup_by(list_source_release) struct list_source source = LIST_SOURCE_INIT;
	struct err err;

	if (list_source_load(&source, &o->source, &err) == 0)
		return with_lists(o, env, r, &source);
	if (o->source.clone)
		err_wrap(&err, "nothing was done: %s", o->remote.url);
	return fail_with(&err, EXIT_USAGE);
}

/* The exit status when lists could not be fetched; nothing was done. */
static int fetch_status(const struct err *err, bool kept)
{
	if (stop)
		return EXIT_PART;
	return kept && err->kind == ERR_IO ? EXIT_MIRROR : EXIT_USAGE;
}

/* The clone is kept in the mirror, so the lock is taken first. A check and a dry run use a clone of
 * their own and write nothing there. */
static int fetch_lists(struct cmdline *o, struct env *env, struct run *r)
{
	cleanup_by(repo_release) struct repo repo = REPO_INIT;
	bool kept = !o->check && !o->run.dry_run && !o->suggest;
	const struct repo_options options = {
		.from = &o->remote,
		.lists = o->source.where,
		.rev = o->source.rev,
		.mirror = kept ? o->run.mirror : NULL,
		.env = env,
		.stop = &stop,
	};
	struct err err;

	if (kept && run_lock(r, &o->run, &err) < 0)
		return fail_with(&err, EXIT_MIRROR);
	stop_on_signals(&stop);
	if (repo_open(&repo, &options, &err) < 0) {
		message_line("the lists could not be fetched, nothing was done: %s", err.msg);
		return fetch_status(&err, kept);
	}
	o->source.clone = repo.clone;
	return load_lists(o, env, r);
}

/* A trace that stops short does not make the run fail. */
static void close_trace(struct trace *t)
{
	struct err err;

	if (trace_close(t, &err) < 0)
		message_warn("--trace: %s: what came after that is not in it", err.msg);
}

static int run_program(struct cmdline *o)
{
	cleanup_by(close_trace) struct trace trace = TRACE_INIT;
	cleanup_by(env_release) struct env env = { .mirror = NULL };
	cleanup_by(run_release) struct run r = RUN_INIT;
	struct err err;

	env_read(&env);
	if (!o->run.mirror)
		o->run.mirror = env.mirror ? env.mirror : "mirror";
	if (output_path_check(o->report, o->trace, o->run.mirror, &err) < 0)
		return fail_with(&err, EXIT_USAGE);
	if (o->trace && trace_open(&trace, o->trace, &err) < 0) {
		err_wrap(&err, "--trace");
		return fail_with(&err, EXIT_USAGE);
	}
	env.wire.net.trace = o->trace ? &trace : NULL;
	r.turn = show_progress;
	o->run.stop = &stop;
	if (o->timeout > 0)
		stop_after(&stop, o->timeout);
	o->color = env.color;
	return o->remote.url ? fetch_lists(o, &env, &r) : load_lists(o, &env, &r);
}

static int convert(const struct cmdline *o)
{
	size_t lost;
	struct err err;

	if (convert_files(o->run.patterns, o->run.npatterns, &lost, &err) < 0)
		return fail_with(&err, EXIT_USAGE);
	if (!lost)
		return EXIT_OK;
	message_line("%zu of the images could not become a line; the comments in the list say why",
		     lost);
	return EXIT_PART;
}

int main(int argc, char **argv)
{
	struct cmdline o;
	struct err err;
	int status;

	message_init("mirror-sync");
	status = cmdline_read(&o, argc, argv, &err);
	if (status < 0)
		return fail_with(&err, EXIT_USAGE);
	if (status == CLI_OPT_GO && o.report && report_take_stdout(o.report, &err) < 0)
		return fail_with(&err, EXIT_PART);
	if (status == CLI_OPT_GO && o.convert) {
		status = convert(&o);
	} else if (status == CLI_OPT_GO) {
		status = run_program(&o);
		remote_release(&o.remote);
	} else {
		status = EXIT_OK;
	}
	return message_flush_output() < 0 ? status | EXIT_PART : status;
}
