#include "sync/list_source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/base/strvec.h"
#include "oci/cli/message.h"
#include "oci/http/certs.h"
#include "oci/image/snapshot_suffix.h"
#include "oci/lists/git.h"
#include "oci/lists/lists.h"
#include "sync/conf_lift.h"

#define CONF_NAME "mirror.conf"

static bool is_list(const char *name)
{
	return name[0] != '.' && span_ends(span_str(name), ".list");
}

static bool is_ours(const char *name)
{
	return is_list(name) || strcmp(name, CONF_NAME) == 0;
}

/* ---- the names of the files ---- */

static int add_name(const char *name, void *arg)
{
	if (is_list(name))
		strvec_add(arg, name);
	return 0;
}

static int add_entry(const char *name, bool is_file, void *arg)
{
	(void)is_file; /* a symbolic link is named when it is read */
	return add_name(name, arg);
}

/* Messages and annotations show these names. */
static bool is_plain(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name <= 0x20 || *name == 0x7f)
			return false;
	return true;
}

/* What was probably meant to be a list: `git mv team.list team.lst` unlists what is in it. */
static bool looks_like_list(const char *name)
{
	static const char *const endings[] = { ".list", ".lst", ".lists", ".txt" };
	struct span dot;

	if (name[0] == '.' || is_list(name) || !strrchr(name, '.'))
		return false;
	dot = span_str(strrchr(name, '.'));
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (span_eq_nocase(dot, endings[i]))
			return true;
	return false;
}

static int stop_at_list(const char *name, void *arg)
{
	(void)arg;
	return is_list(name) || looks_like_list(name);
}

static bool is_directory_of_lists(const struct list_source *s, const char *name)
{
	cleanup_free char *path = xasprintf("%s/%s", s->where, name);
	struct err ignored;

	if (name[0] == '.' || is_list(name))
		return false;
	if (s->git)
		return git_each_below(s->git, name, stop_at_list, NULL);
	return file_walk(AT_FDCWD, path, stop_at_list, NULL, &ignored) > 0;
}

struct unread {
	const struct list_source *source;
	struct strvec names;
};

static int add_unread(const char *name, void *arg)
{
	struct unread *u = arg;

	if (!is_plain(name))
		return 0;
	if (is_directory_of_lists(u->source, name))
		strvec_addf(&u->names, "%s/", name);
	else if (looks_like_list(name))
		strvec_add(&u->names, name);
	return 0;
}

static int add_unread_entry(const char *name, bool is_file, void *arg)
{
	(void)is_file;
	return add_unread(name, arg);
}

static int add_beside(const char *name, void *arg)
{
	if (is_list(name) && is_plain(name))
		strvec_addf(arg, "../%s", name);
	return 0;
}

/* The directory above the lists' own, when that is a checkout; NULL otherwise. */
static char *directory_above(const struct list_source *s)
{
	const char *slash = strrchr(s->where, '/');

	if (s->is_clone || strcmp(s->where, ".") == 0 || span_ends(span_str(s->where), ".."))
		return NULL;
	return slash ? xstrndup(s->where, (size_t)(slash - s->where)) : xstrdup(".");
}

/* Lists that were put beside the directory instead of into it. */
static void find_beside(const struct list_source *s, struct strvec *names)
{
	cleanup_free char *above = directory_above(s);
	struct err ignored;

	if (above && *above)
		file_walk(AT_FDCWD, above, add_beside, names, &ignored);
}

static void warn_unread(struct list_source *s)
{
	struct unread u = { .source = s, .names = STRVEC_INIT };
	struct err ignored;

	if (s->git)
		git_each(s->git, add_unread_entry, &u);
	else
		file_walk(AT_FDCWD, s->where, add_unread, &u, &ignored);
	find_beside(s, &u.names);
	strvec_sort(&u.names);
	for (size_t i = 0; i < u.names.n; i++)
		problem_add(
			&s->lists->problems, true, u.names.v[i], 0, 0,
			"looks like %s, and is not read: only *.list files of %s are",
			span_ends(span_str(u.names.v[i]), "/") ? "a directory of lists" : "a list",
			span_starts(span_str(u.names.v[i]), "../") ? s->where : "this directory");
	strvec_release(&u.names);
}

static int list_names(const struct list_source *s, struct strvec *names, struct err *err)
{
	if (s->git)
		git_each(s->git, add_entry, names);
	else if (file_walk(AT_FDCWD, s->where, add_name, names, err) < 0)
		return -1;
	if (!names->n)
		return err_set(err, ERR_NOTFOUND, 0, "no *.list file in \"%s\"", s->where);
	if (names->n > LIMIT_LIST_FILES)
		return err_set(err, ERR_USAGE, 0, "more than %d lists in \"%s\"", LIMIT_LIST_FILES,
			       s->where);
	strvec_sort(names);
	for (size_t i = 0; i < names->n; i++)
		if (!is_plain(names->v[i]))
			return err_set(err, ERR_USAGE, 0,
				       "\"%s/%s\" has a blank or control character in its name",
				       s->where, names->v[i]);
	return 0;
}

/* ---- their bytes ---- */

static int read_committed(struct list_source *s, const char *rev, const char *name, struct buf *out,
			  struct err *err)
{
	struct span bytes;

	if (git_read(s->git, rev, name, out->max, &bytes, err) < 0)
		return -1;
	buf_clear(out);
	buf_add(out, bytes.p, bytes.n);
	return 0;
}

static int read_any(struct list_source *s, const char *rev, const char *name, struct buf *out,
		    struct err *err)
{
	cleanup_free char *path = NULL;

	if (s->git)
		return read_committed(s, rev, name, out, err);
	path = xasprintf("%s/%s", s->where, name);
	return file_read(AT_FDCWD, path, out, err);
}

int list_source_read(struct list_source *s, const char *name, struct buf *out, struct err *err)
{
	return read_any(s, s->conf_rev, name, out, err);
}

static void read_list(struct list_source *s, struct lists *lists, const char *name)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_LIST_FILE);
	struct err err;

	if (read_any(s, NULL, name, &bytes, &err) < 0)
		problem_add(&lists->problems, false, name, 0, 0, "%s", err.msg);
	else
		lists_add(lists, name, buf_span(&bytes));
}

static int read_conf(struct list_source *s, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_LIST_FILE);

	if (list_source_read(s, CONF_NAME, &bytes, err) == 0)
		lists_add_conf(s->lists, CONF_NAME, buf_span(&bytes));
	else if (err->kind == ERR_USAGE)
		return -1; /* an unknown revision */
	else if (err->kind != ERR_NOTFOUND)
		problem_add(&s->lists->problems, false, CONF_NAME, 0, 0, "%s", err->msg);
	return 0;
}

/* A CA file that is missing would else only be found in the middle of a sync. */
static void check_ca_files(struct list_source *s, const char *rev, struct lists *lists)
{
	const struct mirror_conf *conf = &lists->conf;

	for (size_t i = 0; i < conf->nregistries; i++) {
		cleanup_by(buf_release) struct buf pem = BUF_INIT(LIMIT_LIST_FILE);
		const struct mirror_conf_registry *r = &conf->registries[i];
		struct err err;

		if (!r->ca || r->ca[0] == '/')
			continue;
		if (read_any(s, rev, r->ca, &pem, &err) < 0)
			problem_add(&lists->problems, false, CONF_NAME, r->line, r->column,
				    "ca: \"%s\": %s", r->ca, err.msg);
		else if (certs_check_ca(r->ca, buf_span(&pem), &err) < 0)
			problem_add(&lists->problems, false, CONF_NAME, r->line, r->column,
				    "ca: %s", err.msg);
	}
}

/* ---- the whole source ---- */

static void warn_uncommitted(const struct list_source *s)
{
	cleanup_free char *names = s->git ? git_uncommitted(s->git, is_ours) : NULL;

	if (names)
		message_warn("%s: not used since not committed (--worktree would): %s", s->where,
			     names);
}

static int open_where(struct list_source *s, const struct list_source_options *o, struct err *err)
{
	s->where = xstrdup(o->where);
	s->commit = "";
	s->conf_rev = o->conf_rev;
	for (size_t n = strlen(s->where); n > 1 && s->where[n - 1] == '/'; n--)
		s->where[n - 1] = '\0';
	s->is_clone = o->clone != NULL;
	if (o->worktree)
		return 0;
	s->git = o->clone ? git_open_bare(o->clone, s->where, o->rev, err)
			  : git_open(s->where, o->rev, err);
	if (!s->git)
		return -1;
	s->commit = git_id(s->git);
	return 0;
}

static int load_lists(struct list_source *s, const struct list_source_options *o, struct err *err)
{
	cleanup_by(strvec_release) struct strvec names = STRVEC_INIT;

	if (o->suffix && snapshot_suffix_check(o->suffix, err) < 0)
		return -1;
	if (open_where(s, o, err) < 0 || list_names(s, &names, err) < 0)
		return -1;
	s->lists = lists_new();
	s->suffix = s->lists->suffix = o->suffix;
	for (size_t i = 0; i < names.n; i++)
		read_list(s, s->lists, names.v[i]);
	if (read_conf(s, err) < 0)
		return -1;
	check_ca_files(s, s->conf_rev, s->lists);
	warn_unread(s);
	lists_finish(s->lists);
	if (!o->quiet)
		warn_uncommitted(s);
	return 0;
}

int list_source_load(struct list_source *s, const struct list_source_options *o, struct err *err)
{
	if (load_lists(s, o, err) == 0)
		return 0;
	list_source_release(s);
	return -1;
}

/* ---- the mirror.conf beside the lists, when another one's rules hold ---- */

static bool has_problem(const struct problems *ps, const struct problem *p)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].line == p->line && ps->v[i].column == p->column &&
		    str_eq(ps->v[i].file, p->file) && str_eq(ps->v[i].text, p->text))
			return true;
	return false;
}

static void add_problems(struct problems *to, const struct problems *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct problem *p = &from->v[i];

		if (!has_problem(to, p))
			problem_add(to, p->warning, p->file, p->line, p->column, "%s", p->text);
	}
	problems_sort(to);
}

CLEANUP_PTR(own_lists_, struct lists, lists_free)

/* The lists with the mirror.conf that stands beside them, all checked. found: what reading it gave,
 * with `why` when it failed. */
static struct lists *read_own(struct list_source *s, int found, struct span bytes,
			      const struct err *why)
{
	struct lists *own = lists_new();

	own->suffix = s->suffix;
	for (size_t i = 0; i < s->lists->files.n; i++)
		read_list(s, own, s->lists->files.v[i]);
	if (found == 0)
		lists_add_conf(own, CONF_NAME, bytes);
	else if (why->kind != ERR_NOTFOUND)
		problem_add(&own->problems, false, CONF_NAME, 0, 0, "%s", why->msg);
	check_ca_files(s, NULL, own);
	lists_finish(own);
	lists_add_denied(own);
	return own;
}

/* The first error of mirror.conf itself, or NULL. */
static const struct problem *find_conf_error(const struct problems *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (!ps->v[i].warning && str_eq(ps->v[i].file, CONF_NAME))
			return &ps->v[i];
	return NULL;
}

/* The target branch's mirror.conf cannot be read as a whole, so it judges nothing: otherwise no
 * request could mend it. Takes own. */
static void judge_by_own(struct list_source *s, struct lists *own, const struct problem *broken)
{
	problem_add(&own->problems, true, CONF_NAME, 0, 0,
		    "that of %s has errors (%d:%d: %s): this check judges by the mirror.conf of "
		    "the request itself, its policy, private= and deny lines included, so a person "
		    "has to look at them",
		    s->conf_rev, broken->line, broken->column, broken->text);
	problems_sort(&own->problems);
	lists_free(s->lists);
	s->lists = own;
	s->conf_rev = NULL;
}

void list_source_check_own_conf(struct list_source *s)
{
	__attribute__((cleanup(own_lists_))) struct lists *own = NULL;
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_LIST_FILE),
					   base = BUF_INIT(LIMIT_LIST_FILE);
	const struct problem *broken = find_conf_error(&s->lists->problems);
	int found, found_base;
	struct err err, ignored;

	if (!s->conf_rev)
		return;
	found = read_any(s, NULL, CONF_NAME, &bytes, &err);
	found_base = read_any(s, s->conf_rev, CONF_NAME, &base, &ignored);
	if (found == found_base && span_eq(buf_span(&bytes), base.p))
		return;
	own = read_own(s, found, buf_span(&bytes), &err);
	if (broken) {
		judge_by_own(s, take(own), broken);
		return;
	}
	lists_add_conflicts(own);
	conf_lift_warn(&own->problems, CONF_NAME, &s->lists->conf, s->conf_rev, &own->conf);
	add_problems(&s->lists->problems, &own->problems);
}

void list_source_release(struct list_source *s)
{
	lists_free(s->lists);
	git_free(s->git);
	free(s->where);
	free(s->author);
	*s = (struct list_source)LIST_SOURCE_INIT;
}

char *list_source_place(const struct list_source *s, const struct list_image *image)
{
	return xasprintf("%s:%d%s%s", image->file, image->line, *s->commit ? "@" : "", s->commit);
}

const char *list_source_author(struct list_source *s, const struct list_image *image)
{
	const char *author;

	if (!s->git || s->lists->conf.authors == AUTHORS_COMMIT)
		return NULL;
	if (git_is_shallow(s->git) && !s->said_shallow) {
		s->said_shallow = true;
		message_line("%s is a shallow clone: it does not tell who wrote a line "
			     "(git fetch --unshallow)",
			     s->where);
	}
	author = git_author(s->git, image->file, image->line);
	if (!author && !s->said_shallow && git_is_partial(s->git)) {
		s->said_shallow = true;
		message_line("%s is a partial clone: it lacks what tells who wrote a line (git "
			     "fetch --refetch --no-filter)",
			     s->where);
	}
	free(s->author);
	s->author = author ? mirror_conf_author(&s->lists->conf, author) : NULL;
	return s->author;
}
