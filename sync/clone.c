#include "sync/clone.h"

#include <git2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "oci/base64.h"
#include "oci/buf.h"
#include "oci/cred.h"
#include "oci/err.h"
#include "oci/git.h"
#include "oci/origin.h"
#include "oci/own.h"
#include "sync/netrc.h"
#include "sync/remote.h"

OWN_PTR(own_repository_, git_repository, git_repository_free)
OWN_PTR(own_remote_, git_remote, git_remote_free)
OWN_PTR(own_config_, git_config, git_config_free)
#define own_repository own_by(own_repository_)
#define own_remote     own_by(own_remote_)
#define own_config     own_by(own_config_)

#define ORIGIN         "remote.origin.url"

/* One fetch. */
struct fetching {
	const struct clone_options *o;
	void (*alive)(void *arg);
	void *arg;
	int asked;        /* how often we were asked to show who we are */
	int way_in;       /* the next of the ways in by ssh */
	struct buf tried; /* those before it */
	struct err why;   /* what a callback had to say; kind NONE: nothing */
};

static void fetching_release(struct fetching *f)
{
	buf_release(&f->tried);
}

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
static int far_error(const struct fetching *f, int code, struct err *err)
{
	if (f->why.kind != ERR_NONE) {
		*err = f->why;
		return err_failed();
	}
	return err_set(err, code == GIT_EAUTH ? ERR_AUTH : ERR_NET, 0, "%s", last_words());
}

/* Of the clone: a full disk, or something that should not be as it is (a lock that a killed run left, say). */
static int near_error(int code, struct err *err)
{
	bool refused = last_class() == GIT_ERROR_OS && code != GIT_ELOCKED;

	return err_set(err, refused ? ERR_IO : ERR_INVALID, 0, "%s", last_words());
}

static bool is_far(void)
{
	int class = last_class();

	return class == GIT_ERROR_NET || class == GIT_ERROR_HTTP || class == GIT_ERROR_SSL ||
	       class == GIT_ERROR_SSH;
}

/* ---- being let in ---- */

static int refuse(struct fetching *f, const char *why)
{
	err_set(&f->why, ERR_AUTH, 0, "%s %s", f->o->from->host, why);
	return GIT_EAUTH;
}

/* The URL's user and password; else ~/.netrc's, of that user if it names one; else the URL's user alone, since some
 * hosts take a token for a name. */
static int find_password(struct fetching *f, struct cred *out)
{
	const struct remote *from = f->o->from;
	own_free char *netrc = f->o->home ? xasprintf("%s/.netrc", f->o->home) : NULL;

	if (!from->password && netrc && netrc_find(netrc, from->host, from->user, out, &f->why) < 0)
		return -1;
	if (out->kind == CRED_NONE && from->user)
		cred_set(out, from->user, from->password ? from->password : "", "the URL");
	return 0;
}

static int show_password(git_credential **out, struct fetching *f)
{
	own_by(cred_release) struct cred c = CRED_INIT;
	own_free char *refused = NULL;

	if (f->o->from->way == REMOTE_HTTP && !origin_is_loopback(span_str(f->o->from->host)))
		return refuse(f, "asks for a password, which is not sent over plain http");
	if (find_password(f, &c) < 0)
		return GIT_EAUTH;
	if (c.kind == CRED_NONE)
		return refuse(f, "asks for a user and a password, and ~/.netrc has none for it");
	if (f->asked++) {
		refused = xasprintf("does not take the user and the password of %s", c.from);
		return refuse(f, refused);
	}
	return git_credential_userpass_plaintext_new(out, c.user, c.secret);
}

/* Whether an agent listens there; one that does not would end libssh2's search for a key. */
static bool agent_listens(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	own_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || !path || strlen(path) >= sizeof(a.sun_path))
		return false;
	memcpy(a.sun_path, path, strlen(path));
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
}

static void note_tried(struct fetching *f, const char *what)
{
	buf_addf(&f->tried, "%s%s", f->tried.n ? ", " : "", what);
}

/* Each of the ways in is shown once. */
static int show_key(git_credential **out, const char *user, struct fetching *f)
{
	static const char *const keys[] = { "id_ed25519", "id_ecdsa", "id_rsa" };
	own_free char *why = NULL;

	if (f->way_in++ == 0 && agent_listens(f->o->agent)) {
		note_tried(f, "the agent's keys");
		return git_credential_ssh_key_from_agent(out, user);
	}
	while (f->o->home && f->way_in <= (int)(sizeof(keys) / sizeof(keys[0]))) {
		const char *name = keys[f->way_in++ - 1];
		own_free char *key = xasprintf("%s/.ssh/%s", f->o->home, name);

		if (access(key, R_OK) < 0)
			continue;
		note_tried(f, key);
		/* an empty passphrase, since libssh2 1.10 measures one that is not there */
		return git_credential_ssh_key_new(out, user, NULL, key, "");
	}
	why = xasprintf("does not let \"%s\" in: %s%s", user,
			f->tried.n ? "it was shown " : "there is no agent and no key in ~/.ssh",
			f->tried.p);
	return refuse(f, why);
}

static int on_credentials(git_credential **out, const char *url, const char *user, unsigned allowed,
			  void *payload)
{
	struct fetching *f = payload;

	(void)url;
	f->alive(f->arg);
	if (allowed & GIT_CREDENTIAL_USERNAME)
		return git_credential_username_new(out, "git"); /* as every git host calls it */
	if (allowed & GIT_CREDENTIAL_SSH_KEY)
		return show_key(out, user, f);
	if (f->o->from->way == REMOTE_SSH)
		return refuse(f, "takes no keys");
	if (allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT)
		return show_password(out, f);
	return refuse(f, "asks for a kind of credentials that is not known");
}

/* "SHA256:…", as ssh-keygen -l shows it. */
static void add_fingerprint(struct buf *out, const git_cert_hostkey *key)
{
	if (!(key->type & GIT_CERT_SSH_SHA256))
		return;
	buf_adds(out, " (SHA256:");
	base64_encode(out, key->hash_sha256, sizeof(key->hash_sha256));
	while (out->n && out->p[out->n - 1] == '=')
		out->p[--out->n] = '\0';
	buf_addc(out, ')');
}

/* libgit2 has looked into known_hosts; this only says it in words. TLS it tells well enough. */
static int on_certificate(git_cert *cert, int valid, const char *host, void *payload)
{
	struct fetching *f = payload;
	own_by(buf_release) struct buf shown = BUF_INIT(100);

	if (valid || cert->cert_type != GIT_CERT_HOSTKEY_LIBSSH2)
		return GIT_PASSTHROUGH;
	add_fingerprint(&shown, (const git_cert_hostkey *)cert);
	err_set(&f->why, ERR_AUTH, 0,
		"the key that %s shows%s is not in ~/.ssh/known_hosts (ssh-keyscan asks for it; "
		"compare it with what the host's owner says)",
		host, shown.p);
	return GIT_ECERTIFICATE;
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
	own_config git_config *config = NULL;
	int code;

	git_repository_init_options_init(&o, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	o.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR |
		  GIT_REPOSITORY_INIT_NO_REINIT;
	code = git_repository_init_ext(repository, directory, &o);
	if (code == 0)
		code = git_repository_config(&config, *repository);
	if (code == 0)
		code = git_config_set_string(config, ORIGIN, url);
	return code < 0 ? near_error(code, err) : 0;
}

/* Commits of another repository must not be found here under their ids. */
static int check_origin(git_repository *repository, const char *url, struct err *err)
{
	own_config git_config *config = NULL;
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
	connect.proxy_opts = o->proxy_opts;
	connect.follow_redirects = o->follow_redirects;
	code = git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &connect);
	if (code < 0)
		return far_error(f, code, err);
	f->alive(f->arg);
	code = git_remote_download(remote, &refspecs, o);
	if (code < 0)
		return f->why.kind != ERR_NONE || is_far() ? far_error(f, code, err)
							   : near_error(code, err);
	/* first what is gone, since a branch "a" is in the way of a branch "a/b" */
	code = git_remote_prune(remote, NULL);
	if (code == 0)
		code = git_remote_update_tips(remote, NULL, 0, GIT_REMOTE_DOWNLOAD_TAGS_NONE,
					      "fetch");
	if (code == 0)
		code = set_head(repository, remote);
	return code < 0 ? near_error(code, err) : 0;
}

static void fill_options(git_fetch_options *o, struct fetching *f)
{
	git_fetch_options_init(o, GIT_FETCH_OPTIONS_VERSION);
	o->update_fetchhead = 0;
	o->download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	o->follow_redirects = GIT_REMOTE_REDIRECT_NONE; /* to another host */
	o->proxy_opts.type = f->o->proxy ? GIT_PROXY_SPECIFIED : GIT_PROXY_NONE;
	o->proxy_opts.url = f->o->proxy;
	o->callbacks.payload = f;
	o->callbacks.credentials = on_credentials;
	o->callbacks.certificate_check = on_certificate;
	o->callbacks.transfer_progress = on_progress;
	o->callbacks.sideband_progress = on_words;
	o->callbacks.pack_progress = on_packing;
}

/* libgit2's TLS knows nothing of the environment's CAs. */
static int set_cas(const struct clone_options *o, struct err *err)
{
	if (o->from->way != REMOTE_HTTPS || (!o->ca_file && !o->ca_dir))
		return 0;
	if (git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, o->ca_file, o->ca_dir) == 0)
		return 0;
	return err_set(err, ERR_USAGE, 0, "%s%s%s: %s", o->ca_file ? o->ca_file : "",
		       o->ca_file && o->ca_dir ? ", " : "", o->ca_dir ? o->ca_dir : "",
		       last_words());
}

static int fetch_into(const char *directory, struct fetching *f, struct err *err)
{
	git_fetch_options o;
	own_repository git_repository *repository = NULL;
	own_remote git_remote *remote = NULL;
	const char *url = f->o->from->url;

	fill_options(&o, f);
	if (set_cas(f->o, err) < 0 || open_clone(&repository, directory, url, err) < 0)
		return -1;
	if (git_remote_create_anonymous(&remote, repository, url) < 0)
		return err_set(err, ERR_USAGE, 0, "%s", last_words());
	return fetch(repository, remote, f, &o, err);
}

int clone_fetch(const char *directory, const struct clone_options *o, void (*alive)(void *arg),
		void *arg, struct err *err)
{
	own_by(fetching_release) struct fetching f = {
		.o = o,
		.alive = alive,
		.arg = arg,
		.tried = BUF_INIT(sizeof(err->msg)),
		.why = ERR_INIT,
	};
	int r;

	git_start();
	r = fetch_into(directory, &f, err);
	git_stop();
	return r;
}
