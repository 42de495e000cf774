#include "sync/clone.h"

#include <errno.h>
#include <git2.h>
#include <git2/sys/transport.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/lists/git.h"
#include "sync/remote.h"
#include "sync/ssh.h"
#include "sync/web.h"

CLEANUP_PTR(cleanup_repository_, git_repository, git_repository_free)
CLEANUP_PTR(cleanup_remote_, git_remote, git_remote_free)
CLEANUP_PTR(cleanup_config_, git_config, git_config_free)
#define cleanup_repository cleanup_by(cleanup_repository_)
#define cleanup_remote     cleanup_by(cleanup_remote_)
#define cleanup_config     cleanup_by(cleanup_config_)

#define ORIGIN             "remote.origin.url"

/* One fetch. */
struct fetching {
	const struct clone_options *o;
	void (*alive)(void *arg);
	void *arg;
	struct web_options web;
	git_smart_subtransport_definition subtransport;
	struct err why; /* what a callback had to say; kind NONE: nothing */
};

static const char *last_words(void)
{
	const git_error *e = git_error_last();

	return e && e->message ? e->message : "unknown error";
}

static int last_class(void)
{
	return git_error_last() ? git_error_last()->klass : GIT_ERROR_NONE;
}

/* ---- errors ---- */

/* The other side's, or of the way there. */
static int far_error(const struct fetching *f, struct err *err)
{
	if (f->why.kind != ERR_NONE) {
		*err = f->why;
		return err_failed();
	}
	return err_set(err, ERR_NET, 0, "%s", last_words());
}

/* Of the clone: a full disk, or something that should not be as it is. */
static int near_error(struct err *err)
{
	bool refused = last_class() == GIT_ERROR_OS;

	return err_set(err, refused ? ERR_IO : ERR_INVALID, 0, "%s", last_words());
}

static bool is_far(void)
{
	int class = last_class();

	return class == GIT_ERROR_NET || class == GIT_ERROR_HTTP;
}

/* ---- the way there ---- */

/* Beneath libgit2's smart protocol: ssh, one connection to which both of its requests lead; or the web, where each
 * is one of its own. */
struct far {
	git_smart_subtransport subtransport;
	git_smart_subtransport_stream stream;
	struct fetching *f;
	struct ssh ssh;
	struct web *web; /* or NULL */
};

static int on_read(git_smart_subtransport_stream *stream, char *p, size_t max, size_t *n)
{
	struct far *far = (struct far *)stream->subtransport;
	struct err *why = &far->f->why;
	ssize_t got = far->web ? web_read(far->web, p, max, why) : ssh_read(&far->ssh, p, max, why);

	*n = got > 0 ? (size_t)got : 0;
	return got < 0 ? -1 : 0;
}

static int on_write(git_smart_subtransport_stream *stream, const char *p, size_t n)
{
	struct far *far = (struct far *)stream->subtransport;
	struct err *why = &far->f->why;

	return far->web ? web_write(far->web, p, n, why) : ssh_write(&far->ssh, p, n, why);
}

static void on_stream_free(git_smart_subtransport_stream *stream)
{
	(void)stream; /* it is part of its subtransport */
}

static int on_action(git_smart_subtransport_stream **out, git_smart_subtransport *subtransport,
		     const char *url, git_smart_service_t action)
{
	struct far *far = (struct far *)subtransport;
	struct fetching *f = far->f;
	bool first = action == GIT_SERVICE_UPLOADPACK_LS;

	(void)url;
	*out = &far->stream;
	if (f->o->from->way == REMOTE_SSH)
		return first ? ssh_start(&far->ssh, f->o->from, "git-upload-pack", &f->why) : 0;
	if (!far->web && !(far->web = web_new(f->o->from, &f->web, &f->why)))
		return -1;
	if (first)
		return web_ask(far->web, &f->why);
	web_begin(far->web);
	return 0;
}

static int on_close(git_smart_subtransport *subtransport)
{
	struct far *far = (struct far *)subtransport;

	ssh_release(&far->ssh);
	if (far->web)
		web_end(far->web);
	return 0;
}

static void on_free(git_smart_subtransport *subtransport)
{
	struct far *far = (struct far *)subtransport;

	on_close(subtransport);
	web_free(far->web);
	free(far);
}

static int on_subtransport(git_smart_subtransport **out, git_transport *owner, void *payload)
{
	struct far *far = xcalloc(1, sizeof(*far));

	(void)owner;
	*far = (struct far){
		.subtransport = { .action = on_action, .close = on_close, .free = on_free },
		.stream = { .subtransport = &far->subtransport,
			    .read = on_read,
			    .write = on_write,
			    .free = on_stream_free },
		.f = payload,
		.ssh = SSH_INIT,
	};
	*out = &far->subtransport;
	return 0;
}

static int on_transport(git_transport **out, git_remote *remote, void *payload)
{
	struct fetching *f = payload;

	f->subtransport = (git_smart_subtransport_definition){
		.callback = on_subtransport,
		.rpc = f->o->from->way != REMOTE_SSH,
		.param = f,
	};
	return git_transport_smart(out, remote, &f->subtransport);
}

/* ---- signs of life ---- */

static int on_progress(const git_indexer_progress *progress, void *payload)
{
	struct fetching *f = payload;

	(void)progress;
	f->alive(f->arg);
	return 0;
}

static int on_words(const char *text, int n, void *payload)
{
	struct fetching *f = payload;

	(void)text;
	(void)n;
	f->alive(f->arg);
	return 0;
}

static int on_packing(int stage, uint32_t current, uint32_t total, void *payload)
{
	struct fetching *f = payload;

	(void)stage;
	(void)current;
	(void)total;
	f->alive(f->arg);
	return 0;
}

/* ---- the clone ---- */

static int make_clone(git_repository **repository, const char *directory, const char *url,
		      struct err *err)
{
	git_repository_init_options o;
	cleanup_config git_config *config = NULL;
	int code;

	git_repository_init_options_init(&o, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	o.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR |
		  GIT_REPOSITORY_INIT_NO_REINIT;
	code = git_repository_init_ext(repository, directory, &o);
	if (code == 0)
		code = git_repository_config(&config, *repository);
	if (code == 0)
		code = git_config_set_string(config, ORIGIN, url);
	return code < 0 ? near_error(err) : 0;
}

/* Commits of another repository must not be found here under their ids. */
static int check_origin(git_repository *repository, const char *url, struct err *err)
{
	cleanup_config git_config *config = NULL;
	git_buf origin = { .ptr = NULL };
	bool same;
	int code = git_repository_config(&config, repository);

	if (code == 0)
		code = git_config_get_string_buf(&origin, config, ORIGIN);
	if (code < 0)
		return err_set(err, ERR_INVALID, 0, "%s", last_words());
	same = origin.ptr && strcmp(origin.ptr, url) == 0;
	if (!same)
		err_set(err, ERR_INVALID, 0, "a clone of \"%s\"", origin.ptr ? origin.ptr : "");
	git_buf_dispose(&origin);
	return same ? 0 : -1;
}

static int open_clone(git_repository **repository, const char *directory, const char *url,
		      struct err *err)
{
	if (access(directory, F_OK) < 0)
		return make_clone(repository, directory, url, err);
	if (git_repository_open_bare(repository, directory) < 0)
		return err_set(err, ERR_INVALID, 0, "%s", last_words());
	return check_origin(*repository, url, err);
}

/* ---- fetching ---- */

/* HEAD is there at once or not at all: the library lists it first. */
static int set_head(git_repository *repository, git_remote *remote)
{
	const git_remote_head **heads;
	size_t n;
	int code = git_remote_ls(&heads, &n, remote);

	if (code < 0)
		return code;
	if (n && strcmp(heads[0]->name, "HEAD") == 0)
		return git_repository_set_head_detached(repository, &heads[0]->oid);
	return git_repository_set_head(repository, "refs/heads/of-no-name");
}

static int fetch(git_repository *repository, git_remote *remote, struct fetching *f,
		 const git_fetch_options *o, struct err *err)
{
	char head[] = "HEAD", branches[] = "+refs/heads/*:refs/heads/*",
	     tags[] = "+refs/tags/*:refs/tags/*";
	char *specs[] = { head, branches, tags };
	const git_strarray refspecs = { .strings = specs, .count = 3 };
	git_remote_connect_options connect;
	int code;

	git_remote_connect_options_init(&connect, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
	connect.callbacks = o->callbacks;
	code = git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &connect);
	if (code < 0)
		return far_error(f, err);
	f->alive(f->arg);
	code = git_remote_download(remote, &refspecs, o);
	if (code < 0)
		return f->why.kind != ERR_NONE || is_far() ? far_error(f, err) : near_error(err);
	/* first what is gone, since a branch "a" is in the way of a branch "a/b" */
	code = git_remote_prune(remote, NULL);
	if (code == 0)
		code = git_remote_update_tips(remote, NULL, 0, GIT_REMOTE_DOWNLOAD_TAGS_NONE,
					      "fetch");
	if (code == 0)
		code = set_head(repository, remote);
	/* a lock that a killed run left, say; a disk that is full will say so again */
	return code < 0 ? err_set(err, ERR_INVALID, 0, "%s", last_words()) : 0;
}

static void fill_options(git_fetch_options *o, struct fetching *f)
{
	enum remote_way way = f->o->from->way;

	git_fetch_options_init(o, GIT_FETCH_OPTIONS_VERSION);
	o->update_fetchhead = 0;
	o->download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	o->callbacks.payload = f;
	if (way == REMOTE_SSH || way == REMOTE_HTTPS || way == REMOTE_HTTP)
		o->callbacks.transport = on_transport;
	o->callbacks.transfer_progress = on_progress;
	o->callbacks.sideband_progress = on_words;
	o->callbacks.pack_progress = on_packing;
}

/* libgit2 takes a path that is no directory for a URL of a kind it does not know. */
static int check_path(const struct remote *from, struct err *err)
{
	struct stat st;

	if (from->way != REMOTE_LOCAL || strstr(from->url, "://"))
		return 0;
	if (stat(from->url, &st) < 0)
		return err_set(err, ERR_USAGE, errno, "%s", strerror(errno));
	return S_ISDIR(st.st_mode) ? 0 : err_set(err, ERR_USAGE, 0, "not a directory");
}

static int fetch_into(const char *directory, struct fetching *f, struct err *err)
{
	git_fetch_options o;
	cleanup_repository git_repository *repository = NULL;
	cleanup_remote git_remote *remote = NULL;
	const char *url = f->o->from->url;

	fill_options(&o, f);
	if (check_path(f->o->from, err) < 0 || open_clone(&repository, directory, url, err) < 0)
		return -1;
	if (git_remote_create_anonymous(&remote, repository, url) < 0)
		return err_set(err, ERR_USAGE, 0, "%s", last_words());
	return fetch(repository, remote, f, &o, err);
}

int clone_fetch(const char *directory, const struct clone_options *o, void (*alive)(void *arg),
		void *arg, struct err *err)
{
	struct fetching f = {
		.o = o,
		.alive = alive,
		.arg = arg,
		.web = o->web,
		.why = ERR_INIT,
	};
	int r;

	f.web.alive = alive;
	f.web.arg = arg;

	git_start();
	r = fetch_into(directory, &f, err);
	git_stop();
	return r;
}
