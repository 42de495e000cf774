#include "sync/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "sync/env.h"
#include "sync/git_env.h"
#include "sync/git_failure.h"
#include "sync/git_process.h"
#include "sync/remote.h"

#define SILENCE_MS  60000
#define DEADLINE_MS 3600000
#define SAID_MAX    (16UL * KIB)
#define REMOTE_HEAD "refs/remotes/origin/HEAD"
#define ORIGIN_FILE "origin" /* the URL, on a line: a file of ours, which git does not read */

/* ---- the directory ---- */

static const struct {
	const char *name, *text;
} written[] = {
	{ "config", "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n" },
	/* until the remote's is known: a branch without a commit */
	{ "HEAD", "ref: refs/heads/without-a-commit\n" },
};

/* They would lead git to other repositories. */
static const char *const removed[] = {
	"commondir",
	"gitdir",
	"config.worktree",
	"objects/info/alternates",
	"objects/info/http-alternates",
	"shallow",
};

static int make_directory(const char *directory, const char *below, struct err *err)
{
	cleanup_free char *path = xasprintf("%s%s", directory, below);

	return mkdir(path, 0777) < 0 ? err_sys(err, "cannot make directory", path) : 0;
}

static int write_file(const char *directory, const char *name, const char *text, struct err *err)
{
	cleanup_free char *path = xasprintf("%s/%s", directory, name);

	return file_replace(AT_FDCWD, path, text, strlen(text), 0644, err);
}

static int make_clone(const char *directory, const char *url, struct err *err)
{
	cleanup_free char *line = xasprintf("%s\n", url);

	if (make_directory(directory, "", err) < 0 ||
	    make_directory(directory, "/objects", err) < 0 ||
	    make_directory(directory, "/refs", err) < 0)
		return -1;
	return write_file(directory, ORIGIN_FILE, line, err);
}

/* Commits of another repository must not be found here under their ids. */
static int check_origin(const char *directory, const char *url, struct err *err)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_URL + 2);
	cleanup_free char *path = xasprintf("%s/" ORIGIN_FILE, directory);
	struct span rest, origin = SPAN_INIT;

	if (file_read(AT_FDCWD, path, &text, err) < 0)
		return err_set(err, ERR_INVALID, 0, "it does not say what it is a clone of");
	rest = buf_span(&text);
	span_cut(&rest, '\n', &origin);
	if (span_eq(origin, url))
		return 0;
	return err_set(err, ERR_INVALID, 0, "a clone of \"%.*s\"", SPAN_ARG(origin));
}

static int prepare_clone(const char *directory, const char *url, struct err *err)
{
	struct stat st;
	int r;

	if (stat(directory, &st) < 0)
		r = make_clone(directory, url, err);
	else if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_INVALID, 0, "not a directory");
	else
		r = check_origin(directory, url, err);
	for (size_t i = 0; r == 0 && i < sizeof(removed) / sizeof(removed[0]); i++) {
		cleanup_free char *path = xasprintf("%s/%s", directory, removed[i]);

		if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
			r = err_set(err, ERR_INVALID, errno, "cannot remove \"%s\"", path);
	}
	for (size_t i = 0; r == 0 && i < sizeof(written) / sizeof(written[0]); i++)
		r = write_file(directory, written[i].name, written[i].text, err);
	if (r < 0 && err->sys == EISDIR)
		err->kind = ERR_INVALID;
	return r;
}

/* ---- git ---- */

/* One fetch: how git is run, and what it said last. */
struct clone_run {
	const struct clone_options *o;
	char *program;
	char *git_dir; /* the option */
	struct git_env env;
	struct buf said;
	int status;
};

static void clone_run_init(struct clone_run *r, const char *directory,
			   const struct clone_options *o)
{
	*r = (struct clone_run){ .o = o };
	r->git_dir = xasprintf("--git-dir=%s", directory);
	git_env_init(&r->env, o->env, o->from);
	buf_init(&r->said, SAID_MAX);
}

static void clone_run_release(struct clone_run *r)
{
	free(r->program);
	free(r->git_dir);
	git_env_release(&r->env);
	buf_release(&r->said);
}

static int run_git(struct clone_run *r, const char *const *arguments, struct err *err)
{
	const struct git_process p = {
		.program = r->program,
		.arguments = arguments,
		.environment = r->env.entries,
		.silence_ms = SILENCE_MS,
		.deadline_ms = DEADLINE_MS,
		.stop = r->o->stop,
	};

	return git_process_run(&p, &r->said, &r->status, err);
}

/* ssh asks nothing, unless the user has said how ssh is run. The terminal that it would ask on is
 * gone in any case. */
static int set_ssh(struct clone_run *r, struct err *err)
{
	const char *const arguments[] = { "git",   r->git_dir,        "config",
					  "--get", "core.sshCommand", NULL };

	if (r->o->from->way != REMOTE_SSH || git_env_has(&r->env, "GIT_SSH_COMMAND") ||
	    git_env_has(&r->env, "GIT_SSH"))
		return 0;
	if (run_git(r, arguments, err) < 0)
		return -1;
	if (r->status == 1)
		git_env_set(&r->env, "GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
	return 0;
}

/* What git is given: a path cannot be taken for an option, or for a host when it has a colon. */
static char *fetched_url(const struct remote *from)
{
	bool is_relative =
		from->way == REMOTE_LOCAL && from->url[0] != '/' && !strstr(from->url, "://");

	return xasprintf("%s%s", is_relative ? "./" : "", from->url);
}

/* The pattern of HEAD fits it when the remote has one, and is no error when it has none. */
#define FETCH(git_dir, url)                                                                        \
	{                                                                                          \
		"git", git_dir, "-c", "protocol.allow=never", "-c", "protocol.https.allow=always", \
			"-c", "protocol.http.allow=always", "-c", "protocol.ssh.allow=always",     \
			"-c", "protocol.git.allow=always", "-c", "protocol.file.allow=always",     \
			"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c",      \
			"gc.auto=0", "-c", "maintenance.auto=false", "-c", "http.lowSpeedLimit=1", \
			"-c", "http.lowSpeedTime=60", "fetch", "--progress", "--prune", "--force", \
			"--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",             \
			"--no-recurse-submodules", "--", url, "+refs/heads/*:refs/heads/*",        \
			"+refs/tags/*:refs/tags/*", "+HEAD*:" REMOTE_HEAD "*", NULL                \
	}

static int fetch_refs(struct clone_run *r, struct err *err)
{
	cleanup_free char *url = fetched_url(r->o->from);
	const char *const arguments[] = FETCH(r->git_dir, url);

	if (run_git(r, arguments, err) < 0)
		return -1;
	return r->status ? git_failure_set(err, buf_span(&r->said), r->o->from) : 0;
}

/* git takes a web page for an empty repository of its oldest HTTP protocol. */
static int check_refs(struct clone_run *r, struct err *err)
{
	const char *const arguments[] = { "git", r->git_dir, "for-each-ref", "--count=1", NULL };
	const struct remote *from = r->o->from;

	if (from->way != REMOTE_HTTPS && from->way != REMOTE_HTTP)
		return 0;
	if (run_git(r, arguments, err) < 0)
		return -1;
	if (r->said.n)
		return 0;
	return err_set(err, ERR_NET, 0,
		       "%s offers no branch and no tag: is it the URL that git clones?",
		       from->host);
}

/* The clone's HEAD becomes the commit that is the remote's, and stays a branch without a commit if
 * it has none. */
static int set_head(struct clone_run *r, struct err *err)
{
	const char *const arguments[] = {
		"git",  r->git_dir,  "-c", "core.hooksPath=/dev/null", "update-ref", "--no-deref",
		"HEAD", REMOTE_HEAD, NULL
	};

	if (run_git(r, arguments, err) < 0)
		return -1;
	return r->status ? check_refs(r, err) : 0;
}

/* git says less clearly what is wrong with such a path. */
static int check_path(const struct remote *from, struct err *err)
{
	struct stat st;

	if (from->way != REMOTE_LOCAL || strstr(from->url, "://"))
		return 0;
	if (stat(from->url, &st) < 0)
		return err_set(err, ERR_USAGE, errno, "%s", strerror(errno));
	return S_ISDIR(st.st_mode) ? 0 : err_set(err, ERR_USAGE, 0, "not a directory");
}

int clone_fetch(const char *directory, const struct clone_options *o, struct err *err)
{
	cleanup_by(clone_run_release) struct clone_run r;

	clone_run_init(&r, directory, o);
	r.program = git_process_find(o->env->path, err);
	if (!r.program || check_path(o->from, err) < 0 ||
	    prepare_clone(directory, o->from->url, err) < 0)
		return -1;
	if (set_ssh(&r, err) < 0 || fetch_refs(&r, err) < 0)
		return -1;
	return set_head(&r, err);
}
