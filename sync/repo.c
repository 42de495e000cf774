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
#include "sync/clone.h"
#include "sync/remote.h"
#include "sync/scratch.h"

CLEANUP_PTR(cleanup_git_, struct git, git_free)

static int fetch_into(const char *directory, const struct repo_options *o, struct err *err)
{
	const struct clone_options clone = { .from = o->from, .env = o->env, .stop = o->stop };

	return clone_fetch(directory, &clone, err);
}

/* Whether what will be read from it can be read. A revision or directory that it does not have is a
 * wrong option, and told when the lists are read. */
static int check_clone(const char *clone, const struct repo_options *o, struct err *err)
{
	cleanup_by(cleanup_git_) struct git *g = git_open_bare(clone, o->lists, o->rev, err);

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
	if (fetch_into(fresh, o, err) < 0) {
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
	if (fetch_into(clone, o, err) == 0 && check_clone(clone, o, err) == 0)
		return 0;
	if (err->kind != ERR_INVALID)
		return -1;
	message_warn("%s is made anew, and the old one is kept as lists.git.old: %s", clone,
		     err->msg);
	return make_anew(clone, o, err);
}

int repo_open(struct repo *r, const struct repo_options *o, struct err *err)
{
	const char *within = o->mirror ? "/.mirror" : "";

	*r = (struct repo)REPO_INIT;
	if (remote_is_open(o->from))
		message_warn("%s is neither encrypted nor signed: every machine on the way can "
			     "change the lists",
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
