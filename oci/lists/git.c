#include "oci/lists/git.h"

#include <dirent.h>
#include <git2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/lists/git_path.h"

CLEANUP_PTR(cleanup_object_, git_object, git_object_free)
CLEANUP_PTR(cleanup_reference_, git_reference, git_reference_free)
CLEANUP_PTR(cleanup_tree_, git_tree, git_tree_free)
CLEANUP_PTR(cleanup_entry_, git_tree_entry, git_tree_entry_free)
CLEANUP_PTR(cleanup_odb_, git_odb, git_odb_free)
CLEANUP_PTR(cleanup_config_, git_config, git_config_free)
CLEANUP_PTR(cleanup_iterator_, git_config_iterator, git_config_iterator_free)
#define cleanup_object    cleanup_by(cleanup_object_)
#define cleanup_reference cleanup_by(cleanup_reference_)
#define cleanup_tree      cleanup_by(cleanup_tree_)
#define cleanup_entry     cleanup_by(cleanup_entry_)
#define cleanup_odb       cleanup_by(cleanup_odb_)
#define cleanup_config    cleanup_by(cleanup_config_)
#define cleanup_iterator  cleanup_by(cleanup_iterator_)

/* Bytes of a name or an address of an author that are kept. */
#define AUTHOR_NAME 400

/* The authors of a file, line by line; computed when git_author() needs them. */
struct blamed {
	char *name;
	git_blame *blame; /* NULL: unknown */
};

struct git {
	git_repository *repository;
	char *path; /* of the directory in the commit: "mirror-lists", "" at the root */
	git_commit *commit;
	git_tree *tree; /* of the directory */
	char id[GIT_OID_HEXSZ + 1];
	git_blob **blobs; /* lent to callers */
	size_t nblobs, capblobs;
	struct blamed *blamed;
	size_t nblamed, capblamed;
	struct buf author;
	bool is_partial;
};

static const char *last_words(void)
{
	const git_error *e = git_error_last();

	return e && e->message ? e->message : "unknown error";
}

/*
 * Nothing is executed here, so a checkout that belongs to another user is safe to read; and without
 * configuration files the result depends on the repository alone. The extensions are those that
 * actions/checkout and partial clones set: they change no object.
 */
static void start_libgit2(void)
{
	static const char *const extensions[] = { "worktreeconfig", "partialclone" };
	static const int levels[] = { GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
				      GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_PROGRAMDATA };

	if (git_libgit2_init() < 0)
		abort();
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
			 sizeof(extensions) / sizeof(extensions[0]));
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
}

/* ---- the repository and the directory ---- */

static bool open_bare(struct git *g, const char *repository, const char *path)
{
	g->path = git_path_in_tree(path);
	return git_repository_open_ext(&g->repository, repository, GIT_REPOSITORY_OPEN_NO_SEARCH,
				       NULL) == 0;
}

/* "repo.git:path": the repository is named exactly, the path is one of the commit. */
static bool open_parted(struct git *g, const char *where)
{
	const char *colon = where;

	while ((colon = strchr(colon, ':'))) {
		cleanup_free char *repository = xstrndup(where, (size_t)(colon++ - where));

		if (!git_path_is_directory(repository))
			continue;
		return open_bare(g, repository, colon);
	}
	return false;
}

static bool open_directory(struct git *g, const char *where)
{
	const char *rest, *root;
	cleanup_free char *directory = git_path_existing(where, &rest);

	if (git_repository_open_ext(&g->repository, directory, GIT_REPOSITORY_OPEN_CROSS_FS, NULL) <
	    0)
		return false;
	root = git_repository_is_bare(g->repository) ? git_repository_path(g->repository)
						     : git_repository_workdir(g->repository);
	g->path = git_path_below(root, directory, rest);
	return g->path;
}

static int open_repository(struct git *g, const char *where, struct err *err)
{
	bool parted = !git_path_is_directory(where) && strchr(where, ':');

	git_error_clear();
	if (parted ? open_parted(g, where) : open_directory(g, where))
		return 0;
	/* a damaged repository, or one of a newer format, is reported as such */
	if (git_error_last() && git_error_last()->klass != GIT_ERROR_REPOSITORY &&
	    git_error_last()->klass != GIT_ERROR_OS)
		return err_set(err, ERR_USAGE, 0, "\"%s\": %s", where, last_words());
	return err_set(
		err, ERR_USAGE, 0,
		"\"%s\" is not in a git repository (lists are read from a commit; --worktree "
		"reads files as they are)",
		where);
}

/* ---- what a clone lacks ---- */

/* The filter of a partial clone ("tree:0"), which the caller frees; NULL for a whole clone. */
static char *clone_filter(const struct git *g)
{
	cleanup_config git_config *config = NULL;
	cleanup_iterator git_config_iterator *each = NULL;
	git_config_entry *entry;

	/* not git_config_iterator_glob_new(), which leaks memory in libgit2 1.5 */
	if (git_repository_config_snapshot(&config, g->repository) < 0 ||
	    git_config_iterator_new(&each, config) < 0)
		return NULL;
	while (git_config_next(&entry, each) == 0)
		if (span_ends(span_str(entry->name), ".partialclonefilter"))
			return xstrdup(entry->value);
	return NULL;
}

/* An object of the commit cannot be read. A partial clone lacks objects until git asks for them,
 * which this program does not do. Gives -1. */
static int refuse_object(const struct git *g, const char *what, struct err *err)
{
	cleanup_free char *said = xstrdup(last_words());
	cleanup_free char *filter = clone_filter(g);

	if (!filter)
		return err_set(err, ERR_IO, 0, "%s%s", what, said);
	return err_set(err, ERR_IO, 0,
		       "%sthe clone is a partial one (--filter=%s) and lacks it: \"git fetch "
		       "--refetch --no-filter\" there gets what is missing; for a new clone, leave "
		       "the filter out",
		       what, filter);
}

/* ---- the commit ---- */

static bool is_empty(const struct git *g)
{
	git_strarray names;
	bool empty;

	if (git_reference_list(&names, g->repository) < 0)
		return true;
	empty = names.count == 0;
	git_strarray_dispose(&names);
	return empty;
}

/* An unknown revision is an error of the user; a branch or tag whose commit is missing is not. */
static int refuse_revision(const struct git *g, const char *rev, struct err *err)
{
	cleanup_reference git_reference *named = NULL;

	if (git_reference_dwim(&named, g->repository, rev) == 0)
		return err_set(err, ERR_IO, 0, "the git repository lacks the commit of \"%s\"",
			       rev);
	return err_set(err, ERR_USAGE, 0, "unknown git revision \"%s\"%s", rev,
		       git_is_shallow(g) ? " (the clone is shallow: git fetch --unshallow)"
					 : ": no branch, tag or commit of that name");
}

static int find_commit(const struct git *g, const char *rev, git_commit **commit, struct err *err)
{
	cleanup_object git_object *object = NULL;

	if (git_repository_head_unborn(g->repository) == 1 && strcmp(rev, "HEAD") == 0)
		return err_set(
			err, ERR_USAGE, 0, "%s",
			is_empty(g) ? "the git repository has no commit yet"
				    : "HEAD is a branch without a commit; name another with --rev");
	if (git_revparse_single(&object, g->repository, rev) < 0)
		return refuse_revision(g, rev, err);
	if (git_object_peel((git_object **)commit, object, GIT_OBJECT_COMMIT) < 0)
		return err_set(err, ERR_USAGE, 0, "git revision \"%s\" is no commit", rev);
	return 0;
}

static int find_tree(const struct git *g, const git_commit *commit, git_tree **tree,
		     struct err *err)
{
	cleanup_tree git_tree *root = NULL;
	cleanup_entry git_tree_entry *entry = NULL;
	cleanup_free char *what = NULL;
	int found;

	if (git_commit_tree(&root, commit) < 0)
		return refuse_object(g, "a tree of the commit: ", err);
	if (!*g->path) {
		*tree = take(root);
		return 0;
	}
	found = git_tree_entry_bypath(&entry, root, g->path);
	if (found == GIT_ENOTFOUND || (found == 0 && git_tree_entry_type(entry) != GIT_OBJECT_TREE))
		return err_set(err, ERR_NOTFOUND, 0, "commit %.12s has no directory \"%s\"%s",
			       git_oid_tostr_s(git_commit_id(commit)), g->path,
			       git_repository_is_bare(g->repository)
				       ? ""
				       : " (--worktree reads files as they are)");
	if (found < 0 || git_tree_lookup(tree, g->repository, git_tree_entry_id(entry)) < 0) {
		what = xasprintf("directory \"%s\" of the commit: ", g->path);
		return refuse_object(g, what, err);
	}
	return 0;
}

static int open_commit(struct git *g, const char *rev, struct err *err)
{
	cleanup_free char *filter = clone_filter(g);

	g->is_partial = filter;
	if (find_commit(g, rev, &g->commit, err) < 0)
		return -1;
	git_oid_tostr(g->id, sizeof(g->id), git_commit_id(g->commit));
	return find_tree(g, g->commit, &g->tree, err);
}

static struct git *git_new(void)
{
	struct git *g = xcalloc(1, sizeof(*g));

	start_libgit2();
	buf_init(&g->author, LIMIT_LIST_LINE);
	return g;
}

struct git *git_open(const char *where, const char *rev, struct err *err)
{
	struct git *g = git_new();

	if (open_repository(g, where, err) == 0) {
		if (open_commit(g, rev, err) == 0)
			return g;
		err_wrap(err, "%s", where);
	}
	git_free(g);
	return NULL;
}

struct git *git_open_bare(const char *repository, const char *path, const char *rev,
			  struct err *err)
{
	struct git *g = git_new();

	if (!open_bare(g, repository, path))
		err_set(err, ERR_IO, 0, "\"%s\": %s", repository, last_words());
	else if (open_commit(g, rev, err) == 0)
		return g;
	git_free(g);
	return NULL;
}

void git_free(struct git *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->nblobs; i++)
		git_blob_free(g->blobs[i]);
	for (size_t i = 0; i < g->nblamed; i++) {
		free(g->blamed[i].name);
		git_blame_free(g->blamed[i].blame);
	}
	free(g->blobs);
	free(g->blamed);
	free(g->path);
	buf_release(&g->author);
	git_tree_free(g->tree);
	git_commit_free(g->commit);
	git_repository_free(g->repository);
	free(g);
	git_libgit2_shutdown();
}

const char *git_id(const struct git *g)
{
	return g->id;
}

bool git_is_partial(const struct git *g)
{
	return g->is_partial;
}

bool git_is_shallow(const struct git *g)
{
	return git_repository_is_shallow(g->repository) == 1;
}

/* ---- files ---- */

static bool is_file(const git_tree_entry *entry)
{
	git_filemode_t mode = git_tree_entry_filemode(entry);

	return mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

int git_each(const struct git *g, int (*each)(const char *name, bool is_file, void *arg), void *arg)
{
	for (size_t i = 0; i < git_tree_entrycount(g->tree); i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(g->tree, i);
		int r = each(git_tree_entry_name(entry), is_file(entry), arg);

		if (r)
			return r;
	}
	return 0;
}

int git_each_below(const struct git *g, const char *directory,
		   int (*each)(const char *name, void *arg), void *arg)
{
	const git_tree_entry *entry = git_tree_entry_byname(g->tree, directory);
	git_tree *below;
	int r = 0;

	if (!entry || git_tree_entry_type(entry) != GIT_OBJECT_TREE ||
	    git_tree_lookup(&below, g->repository, git_tree_entry_id(entry)) < 0)
		return 0;
	for (size_t i = 0; !r && i < git_tree_entrycount(below); i++)
		r = each(git_tree_entry_name(git_tree_entry_byindex(below, i)), arg);
	git_tree_free(below);
	return r;
}

/* Reads the size alone, so that a large file is refused before it is loaded. */
static int check_size(struct git *g, const git_oid *id, size_t max, struct err *err)
{
	cleanup_odb git_odb *odb = NULL;
	git_object_t type;
	size_t size;

	if (git_repository_odb(&odb, g->repository) < 0 ||
	    git_odb_read_header(&size, &type, odb, id) < 0)
		return refuse_object(g, "", err);
	if (size > max)
		return err_set(err, ERR_INVALID, 0, "is larger than %zu bytes", max);
	return 0;
}

static int read_entry(struct git *g, const git_tree_entry *entry, size_t max, struct span *bytes,
		      struct err *err)
{
	git_blob *blob;

	if (!is_file(entry))
		return err_set(err, ERR_INVALID, 0, "is not a regular file");
	if (check_size(g, git_tree_entry_id(entry), max, err) < 0)
		return -1;
	if (git_blob_lookup(&blob, g->repository, git_tree_entry_id(entry)) < 0)
		return refuse_object(g, "", err);
	g->blobs = xgrow(g->blobs, g->nblobs, &g->capblobs, sizeof(git_blob *));
	g->blobs[g->nblobs++] = blob;
	*bytes = span_of(git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
	return 0;
}

static int read_in(struct git *g, const git_tree *tree, const char *name, size_t max,
		   struct span *bytes, struct err *err)
{
	const git_tree_entry *entry = git_tree_entry_byname(tree, name);

	if (!entry)
		return err_set(err, ERR_NOTFOUND, 0, "is not in the commit");
	return read_entry(g, entry, max, bytes, err);
}

int git_read(struct git *g, const char *rev, const char *name, size_t max, struct span *bytes,
	     struct err *err)
{
	cleanup_object git_object *commit = NULL;
	cleanup_tree git_tree *tree = NULL;

	if (!rev)
		return read_in(g, g->tree, name, max, bytes, err);
	if (find_commit(g, rev, (git_commit **)&commit, err) < 0 ||
	    find_tree(g, (git_commit *)commit, &tree, err) < 0)
		return -1;
	return read_in(g, tree, name, max, bytes, err);
}

static int refuse_blob(const struct git *g, const git_tree_entry *entry, struct err *err)
{
	cleanup_free char *what = xasprintf("\"%s\" of the commit: ", git_tree_entry_name(entry));

	return refuse_object(g, what, err);
}

int git_check(struct git *g, struct err *err)
{
	for (size_t i = 0; i < git_tree_entrycount(g->tree); i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(g->tree, i);
		git_blob *blob;

		if (!is_file(entry))
			continue;
		if (git_blob_lookup(&blob, g->repository, git_tree_entry_id(entry)) < 0)
			return refuse_blob(g, entry, err);
		git_blob_free(blob);
	}
	return 0;
}

/* ---- the checkout ---- */

#define NAMED_MAX 10

struct names {
	struct buf text;
	size_t n;
};

static void names_release(struct names *names)
{
	buf_release(&names->text);
}

static void add_name(struct names *names, const char *name)
{
	if (names->n++ < NAMED_MAX)
		buf_addf(&names->text, "%s%s", names->n > 1 ? ", " : "", name);
}

/* Whether the file on disk holds what the entry does, as git would store it (line ends and all). */
static bool is_unchanged(const struct git *g, const git_tree_entry *entry, const char *path)
{
	struct stat st;
	git_oid id;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	return git_repository_hashfile(&id, g->repository, path, GIT_OBJECT_BLOB, NULL) == 0 &&
	       git_oid_equal(&id, git_tree_entry_id(entry));
}

static void add_changed(const struct git *g, const char *directory,
			bool (*wanted)(const char *name), struct names *names)
{
	for (size_t i = 0; i < git_tree_entrycount(g->tree); i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(g->tree, i);
		const char *name = git_tree_entry_name(entry);
		cleanup_free char *path = xasprintf("%s%s", directory, name);

		if (wanted(name) && is_file(entry) && !is_unchanged(g, entry, path))
			add_name(names, name);
	}
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_new(const struct git *g, const char *directory, bool (*wanted)(const char *name),
		    struct names *names)
{
	struct dirent **entries = NULL;
	int n = scandir(directory, &entries, NULL, by_name);

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (wanted(name) && !git_tree_entry_byname(g->tree, name))
			add_name(names, name);
		free(entries[i]);
	}
	free(entries);
}

static bool is_head(const struct git *g)
{
	cleanup_reference git_reference *head = NULL;
	cleanup_object git_object *commit = NULL;

	return git_repository_head(&head, g->repository) == 0 &&
	       git_reference_peel(&commit, head, GIT_OBJECT_COMMIT) == 0 &&
	       git_oid_equal(git_object_id(commit), git_commit_id(g->commit));
}

char *git_uncommitted(const struct git *g, bool (*wanted)(const char *name))
{
	const char *root = git_repository_workdir(g->repository);
	cleanup_by(names_release) struct names names = { .text = BUF_INIT(16 * KIB) };
	cleanup_free char *directory = NULL;

	if (!root || !is_head(g))
		return NULL;
	/* libgit2 does not see that a path with "//" is below the root */
	directory = xasprintf("%s%s%s", root, g->path, *g->path ? "/" : "");
	if (!git_path_is_directory(directory))
		return NULL; /* a sparse checkout */
	add_changed(g, directory, wanted, &names);
	add_new(g, directory, wanted, &names);
	if (names.n > NAMED_MAX)
		buf_addf(&names.text, " and %zu more", names.n - NAMED_MAX);
	return names.n ? buf_take(&names.text) : NULL;
}

/* ---- authors ---- */

static git_blame *blame_file(struct git *g, const char *name)
{
	cleanup_free char *path = xasprintf("%s%s%s", g->path, *g->path ? "/" : "", name);
	git_blame_options options;
	git_blame *result;

	git_blame_options_init(&options, GIT_BLAME_OPTIONS_VERSION);
	options.newest_commit = *git_commit_id(g->commit);
	options.flags = GIT_BLAME_USE_MAILMAP;
	if (git_is_shallow(g) || !git_tree_entry_byname(g->tree, name) ||
	    git_blame_file(&result, g->repository, path, &options) < 0)
		return NULL;
	return result;
}

static git_blame *blame_of(struct git *g, const char *name)
{
	for (size_t i = 0; i < g->nblamed; i++)
		if (strcmp(g->blamed[i].name, name) == 0)
			return g->blamed[i].blame;
	g->blamed = xgrow(g->blamed, g->nblamed, &g->capblamed, sizeof(*g->blamed));
	g->blamed[g->nblamed].name = xstrdup(name);
	g->blamed[g->nblamed].blame = blame_file(g, name);
	return g->blamed[g->nblamed++].blame;
}

/* Whether the file's content before the commit of a hunk is here. libgit2 takes a file that it
 * cannot read for one that is not there, and would name the author of that commit for all lines. */
static bool has_file_before(const struct git *g, const char *name, const git_blame_hunk *hunk)
{
	cleanup_free char *path = xasprintf("%s%s%s", g->path, *g->path ? "/" : "", name);
	cleanup_object git_object *commit = NULL, *parent = NULL;
	cleanup_tree git_tree *tree = NULL;
	cleanup_entry git_tree_entry *entry = NULL;
	cleanup_odb git_odb *odb = NULL;
	int found;

	if (git_commit_lookup((git_commit **)&commit, g->repository, &hunk->final_commit_id) < 0)
		return false;
	found = git_commit_parent((git_commit **)&parent, (git_commit *)commit, 0);
	if (found == 0 && git_commit_tree(&tree, (git_commit *)parent) == 0)
		found = git_tree_entry_bypath(&entry, tree, path);
	return found == GIT_ENOTFOUND || (entry && git_repository_odb(&odb, g->repository) == 0 &&
					  git_odb_exists(odb, git_tree_entry_id(entry)));
}

const char *git_author(struct git *g, const char *name, int line)
{
	git_blame *lines = blame_of(g, name);
	const git_blame_hunk *hunk = lines ? git_blame_get_hunk_byline(lines, (size_t)line) : NULL;

	if (!hunk || !hunk->final_signature || (g->is_partial && !has_file_before(g, name, hunk)))
		return NULL;
	buf_clear(&g->author);
	buf_add_start(&g->author, hunk->final_signature->name, AUTHOR_NAME);
	buf_adds(&g->author, " <");
	buf_add_start(&g->author, hunk->final_signature->email, AUTHOR_NAME);
	buf_addc(&g->author, '>');
	return g->author.p;
}
