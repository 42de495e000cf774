#include "oci/auth/keychain.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "oci/auth/authfile.h"
#include "oci/auth/credential_helper.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"

enum { HELPER_TIMEOUT_MS = 30000 };

/* The answer of a helper for a server: a credential, or why there is none. */
struct answer {
	char *helper, *server, *host;
	struct helper_run *under_way; /* NULL: it has ended */
	struct credential cred;
	bool bad;
	struct err why;
};

struct keychain {
	struct authfile **sources;
	size_t nsources, capsources;
	struct answer *answers;
	size_t nanswers, capanswers;
	char *path;
	char *const *environment;
	long timeout_ms;
};

/* A place where credentials may be kept: a variable of the environment, the member of struct
 * keychain_options that has its value, and what that value is. */
struct source {
	const char *variable;
	size_t member;
	/* Appended to the value, a directory; "": the value is the file; NULL: it is the JSON. */
	const char *file;
	size_t unless; /* no source when this member is given; or NO_MEMBER */
	enum authfile_form form;
};

#define NO_MEMBER       SIZE_MAX
#define MEMBER(name)    offsetof(struct keychain_options, name)
#define FROM(var, name) .variable = (var), .member = MEMBER(name)

/* The most explicit first. A new source is a row here, and, for a new variable, a member of
 * struct keychain_options. */
static const struct source sources[] = {
	{ FROM("DOCKER_AUTH_CONFIG", docker_auth_config), NULL, NO_MEMBER, AUTHFILE_CONFIG },
	{ FROM("REGISTRY_AUTH_FILE", registry_auth_file), "", NO_MEMBER, AUTHFILE_CONFIG },
	{ FROM("DOCKER_CONFIG", docker_config), "/config.json", NO_MEMBER, AUTHFILE_CONFIG },
	{ FROM("HOME", home), "/.docker/config.json", MEMBER(docker_config), AUTHFILE_CONFIG },
	{ FROM("XDG_RUNTIME_DIR", xdg_runtime_dir), "/containers/auth.json", NO_MEMBER,
	  AUTHFILE_CONFIG },
	{ FROM("XDG_CONFIG_HOME", xdg_config_home), "/containers/auth.json", NO_MEMBER,
	  AUTHFILE_CONFIG },
	{ FROM("HOME", home), "/.config/containers/auth.json", MEMBER(xdg_config_home),
	  AUTHFILE_CONFIG },
	{ FROM("HOME", home), "/.dockercfg", NO_MEMBER, AUTHFILE_DOCKERCFG },
};
#define NSOURCES (sizeof(sources) / sizeof(sources[0]))

static const char **member_of(const struct keychain_options *o, size_t member)
{
	return (const char **)((uintptr_t)o + member);
}

/* The value of a member; NULL when it is not given, or "". */
static const char *given_value(const struct keychain_options *o, size_t member)
{
	const char *value = member == NO_MEMBER ? NULL : *member_of(o, member);

	return value && *value ? value : NULL;
}

void keychain_read_variables(struct keychain_options *o, const char *(*variable)(const char *name))
{
	for (size_t i = 0; i < NSOURCES; i++)
		*member_of(o, sources[i].member) = variable(sources[i].variable);
}

static int parse_source(struct keychain *c, const char *name, enum authfile_form form,
			struct span json, struct err *err)
{
	struct authfile *f = authfile_parse(name, form, json, err);

	if (!f)
		return -1;
	c->sources = xgrow(c->sources, c->nsources, &c->capsources, sizeof(struct authfile *));
	c->sources[c->nsources++] = f;
	return 0;
}

/* A missing file is no source. */
static int read_source_file(struct keychain *c, const char *name, enum authfile_form form,
			    struct err *err)
{
	cleanup_by(credential_wipe_buf) struct buf text = BUF_INIT(LIMIT_CREDS);

	/* all memory at once: a buffer that grows would leave copies of the secret behind */
	buf_reserve(&text, LIMIT_CREDS);
	if (file_read(AT_FDCWD, name, &text, err) < 0)
		return err->kind == ERR_NOTFOUND ? 0 : err_wrap(err, "credentials");
	/* an empty file, made by `touch` or emptied by hand, is no source; docker does the same */
	if (!text.p[strspn(text.p, " \t\r\n")])
		return 0;
	return parse_source(c, name, form, buf_span(&text), err);
}

/* What stands in a variable that is to hold JSON: NULL when it may be that. The value may be a
 * secret, so it is not quoted. */
static const char *other_kind(const char *value)
{
	size_t n = strlen(value);
	struct span text;

	while (n && strchr("\r\n \t", value[n - 1]))
		n--;
	text = span_trim(span_of(value, n));
	if (!text.n || memchr(text.p, '{', text.n) || memchr(text.p, '"', text.n))
		return NULL;
	if (strchr("/.~", text.p[0]) || span_ends(text, ".json"))
		return "a path";
	/* the letters that "{" and a blank, a line end or a quote become */
	return span_starts(text, "ey") || span_starts(text, "ew") ? "base64" : NULL;
}

static int add_source(struct keychain *c, const struct source *s, const struct keychain_options *o,
		      struct err *err)
{
	const char *value = given_value(o, s->member), *kind;
	cleanup_free char *name = NULL;

	if (!value || given_value(o, s->unless))
		return 0;
	if (!s->file) {
		name = xasprintf("$%s", s->variable);
		kind = other_kind(value);
		if (kind)
			return err_set(err, ERR_INVALID, 0,
				       "%s holds %s, and is to hold JSON itself: a file is named "
				       "by REGISTRY_AUTH_FILE, a directory with a config.json by "
				       "DOCKER_CONFIG",
				       name, kind);
		return parse_source(c, name, s->form, span_str(value), err);
	}
	name = xasprintf("%s%s", value, s->file);
	return read_source_file(c, name, s->form, err);
}

static int add_sources(struct keychain *c, const struct keychain_options *o, struct err *err)
{
	for (size_t i = 0; i < NSOURCES; i++)
		if (add_source(c, &sources[i], o, err) < 0)
			return -1;
	return 0;
}

struct keychain *keychain_new(const struct keychain_options *o, struct err *err)
{
	struct keychain *c = xcalloc(1, sizeof(*c));

	c->path = xstrdup(o->path ? o->path : "");
	c->environment = o->environment;
	c->timeout_ms = o->helper_timeout_ms > 0 ? o->helper_timeout_ms : HELPER_TIMEOUT_MS;
	if (add_sources(c, o, err) == 0)
		return c;
	keychain_free(c);
	return NULL;
}

static void answer_release(struct answer *a)
{
	credential_helper_free(a->under_way);
	free(a->helper);
	free(a->server);
	free(a->host);
	credential_release(&a->cred);
}

void keychain_free(struct keychain *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nsources; i++)
		authfile_free(c->sources[i]);
	free(c->sources);
	for (size_t i = 0; i < c->nanswers; i++)
		answer_release(&c->answers[i]);
	free(c->answers);
	free(c->path);
	free(c);
}

static struct answer *known_answer(const struct keychain *c, const char *helper, const char *server)
{
	for (size_t i = 0; i < c->nanswers; i++)
		if (strcmp(c->answers[i].helper, helper) == 0 &&
		    strcmp(c->answers[i].server, server) == 0)
			return &c->answers[i];
	return NULL;
}

/* The helper called `name`, as the file that names it says. */
static struct credential_helper helper_of(const struct keychain *c, const struct authfile *f,
					  const char *name)
{
	return (struct credential_helper){
		.name = name,
		.path = c->path,
		.named = authfile_name(f),
		.environment = c->environment,
		.timeout_ms = c->timeout_ms,
	};
}

static struct answer *start_helper(struct keychain *c, const struct credential_helper *h,
				   const char *server, const char *host)
{
	struct answer *a = known_answer(c, h->name, server);

	if (a)
		return a;
	c->answers = xgrow(c->answers, c->nanswers, &c->capanswers, sizeof(*c->answers));
	a = &c->answers[c->nanswers++];
	*a = (struct answer){ .helper = xstrdup(h->name),
			      .server = xstrdup(server),
			      .host = xstrdup(host) };
	a->under_way = credential_helper_start(h, server);
	return a;
}

static int ask_helper_for(struct keychain *c, const struct credential_helper *h, const char *server,
			  const char *host, struct credential *out, struct err *err)
{
	struct answer *a = start_helper(c, h, server, host);

	if (a->under_way)
		a->bad = credential_helper_finish(take(a->under_way), &a->cred, &a->why) < 0;
	if (a->bad) {
		*err = a->why;
		return -1;
	}
	credential_copy(out, &a->cred);
	return 0;
}

/* Docker keeps Docker Hub's credential under the URL of the first protocol, podman under its name.
 * */
static const char *first_name(const char *host)
{
	return strcmp(host, "docker.io") == 0 ? "https://index.docker.io/v1/" : host;
}

/* Asks a helper that f names, which may be NULL. */
static int ask_helper_named(struct keychain *c, const struct authfile *f, const char *name,
			    const char *host, struct credential *out, struct err *err)
{
	struct credential_helper h = helper_of(c, f, name);

	if (!name)
		return 0;
	if (ask_helper_for(c, &h, first_name(host), host, out, err) < 0)
		return -1;
	return out->kind == CREDENTIAL_NONE ? ask_helper_for(c, &h, host, host, out, err) : 0;
}

static int find_in(struct keychain *c, const struct authfile *f, const char *host, const char *path,
		   struct credential *out, struct err *err)
{
	const struct credential *found;

	if (ask_helper_named(c, f, authfile_helper(f, host), host, out, err) < 0)
		return -1;
	if (out->kind != CREDENTIAL_NONE)
		return 0;
	if (authfile_find(f, host, path, &found, err) < 0)
		return -1;
	if (found) {
		credential_copy(out, found);
		return 0;
	}
	return ask_helper_named(c, f, authfile_store(f), host, out, err);
}

int keychain_find(struct keychain *c, const char *host, const char *path, struct credential *out,
		  struct err *err)
{
	cleanup_free char *known = authfile_key(host);

	for (size_t i = 0; i < c->nsources && out->kind == CREDENTIAL_NONE; i++) {
		credential_release(out);
		if (find_in(c, c->sources[i], known, path, out, err) < 0)
			return -1;
	}
	return 0;
}

static void start_helpers(struct keychain *c, const struct authfile *f, const char *name,
			  const char *host)
{
	struct credential_helper h = helper_of(c, f, name);

	if (!name)
		return;
	start_helper(c, &h, first_name(host), host);
	start_helper(c, &h, host, host);
}

void keychain_begin(struct keychain *c, const char *host)
{
	cleanup_free char *known = authfile_key(host);
	const struct credential *written = NULL;
	struct err ignored;

	for (size_t i = 0; i < c->nsources && !written; i++) {
		const struct authfile *f = c->sources[i];

		start_helpers(c, f, authfile_helper(f, known), known);
		if (authfile_find(f, known, "", &written, &ignored) == 0 && !written)
			start_helpers(c, f, authfile_store(f), known);
	}
}

bool keychain_ready(struct keychain *c, const char *host)
{
	cleanup_free char *known = authfile_key(host);
	bool ready = true;

	for (size_t i = 0; i < c->nanswers; i++) {
		struct answer *a = &c->answers[i];

		if (a->under_way && strcmp(a->host, known) == 0 &&
		    !credential_helper_ended(a->under_way))
			ready = false; /* the output of the others is read in any case */
	}
	return ready;
}

size_t keychain_watch(const struct keychain *c, int *fds, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nanswers && n < max; i++)
		if (c->answers[i].under_way && credential_helper_fd(c->answers[i].under_way) >= 0)
			fds[n++] = credential_helper_fd(c->answers[i].under_way);
	return n;
}

void keychain_forget(struct keychain *c, const char *host)
{
	cleanup_free char *known = authfile_key(host);
	size_t kept = 0;

	for (size_t i = 0; i < c->nanswers; i++) {
		if (strcmp(c->answers[i].host, known) == 0)
			answer_release(&c->answers[i]);
		else
			c->answers[kept++] = c->answers[i];
	}
	c->nanswers = kept;
}
