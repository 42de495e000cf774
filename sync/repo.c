#include "sync/repo.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/cli/message.h"
#include "oci/lists/git.h"
#include "sync/apart.h"
#include "sync/clone.h"
#include "sync/env.h"
#include "sync/remote.h"
#include "sync/scratch.h"

#define SILENCE_MS 60000

CLEANUP_PTR(own_git_, struct git, git_free)

/* ---- one fetch, apart ---- */

struct job {
	const char *directory;
	const struct clone_options *o;
};

static void alive(void *arg)
{
	apart_alive(arg);
}

static int work(struct apart *a, struct err *err)
{
	const struct job *job = a->arg;

	return clone_fetch(job->directory, job->o, alive, a, err);
}

static int fetch(const char *directory, const struct repo_options *o, struct err *err)
{
	const struct net_options *net = &o->env->wire.net;
	const struct clone_options clone = {
		.from = o->from,
		.web = { .user_agent = net->user_agent,
			 .ca_file = net->ca_file,
			 .ca_dir = net->ca_dir,
			 .proxy = net->proxy,
			 .home = o->env->home },
	};
	struct job job = { .directory = directory, .o = &clone };
	const struct apart_limits limits = { .silence_ms = SILENCE_MS, .stop = o->stop };

	return apart_run(work, &job, &limits, err);
}

/* ---- the clone ---- */

/* Whether what is to be read from it can be read. What it does not have is the asker's error, and told later. */
static int check(const char *clone, const struct repo_options *o, struct err *err)
{
	cleanup_by(own_git_) struct git *g = git_open_bare(clone, o->lists, o->rev, err);

	if (g ? git_check(g, err) == 0 : err->kind != ERR_IO)
		return 0;
	err->kind = ERR_INVALID;
	return -1;
}

static int rename_to(const char *from, const char *to, struct err *err)
{
	return rename(from, to) < 0 ? err_sys(err, "cannot rename", from) : 0;
}

static int make_anew(const char *clone, const struct repo_options *o, struct err *err)
{
	cleanup_free char *fresh = xasprintf("%s.new", clone), *old = xasprintf("%s.old", clone);

	scratch_remove_tree(fresh); /* of a run that was killed */
	if (fetch(fresh, o, err) < 0) {
		scratch_remove_tree(fresh);
		return -1;
	}
	if (access(clone, F_OK) == 0) {
		scratch_remove_tree(old);
		if (rename_to(clone, old, err) < 0)
			return -1;
	}
	return rename_to(fresh, clone, err);
}

static int bring_up_to_date(const char *clone, const struct repo_options *o, struct err *err)
{
	if (access(clone, F_OK) < 0)
		return make_anew(clone, o, err);
	if (fetch(clone, o, err) == 0 && check(clone, o, err) == 0)
		return 0;
	if (err->kind != ERR_INVALID)
		return -1;
	message_warn("%s is made anew, and what it was kept as lists.git.old: %s", clone, err->msg);
	return make_anew(clone, o, err);
}

int repo_open(struct repo *r, const struct repo_options *o, struct err *err)
{
	const char *within = o->mirror ? "/.mirror" : "";

	*r = (struct repo)REPO_INIT;
	if (remote_is_open(o->from))
		message_warn(
			"%s is neither encrypted nor signed: whoever is on the way can change the "
			"lists",
			o->from->url);
	if (!o->mirror && !(r->temporary = scratch_directory(err)))
		return -1;
	r->clone = xasprintf("%s%s/lists.git", o->mirror ? o->mirror : r->temporary, within);
	if (bring_up_to_date(r->clone, o, err) == 0)
		return 0;
	repo_release(r);
	return err_wrap(err, "%s", o->from->url);
}

void repo_release(struct repo *r)
{
	if (r->temporary)
		scratch_remove_tree(r->temporary);
	free(r->temporary);
	free(r->clone);
	*r = (struct repo)REPO_INIT;
}
