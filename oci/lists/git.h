/*
 * git - the lists of a commit, read with libgit2.
 *
 * Reading runs no program and no hook, and uses no configuration of the user or the machine. So a
 * checkout that belongs to another user is read too.
 */
#ifndef OCI_LISTS_GIT_H
#define OCI_LISTS_GIT_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct err;

struct git;

/*
 * Opens the directory of the lists in a commit. `where` is a directory inside a checkout
 * ("mirror-lists", at any depth; it may exist only in the commit), the root of a checkout or of a
 * bare repository, or "repo.git:path" for a directory in a bare one. rev is any git revision. USAGE
 * when there is no git repository or the revision is unknown, NOTFOUND when the commit has no such
 * directory; IO when an object is missing or damaged.
 */
struct git *git_open(const char *where, const char *rev, struct err *err);
/* The same for the directory `path` in the bare repository at exactly this path, colons
 * included. */
struct git *git_open_bare(const char *repository, const char *path, const char *rev,
			  struct err *err);
void git_free(struct git *g);

/* The commit's id, 40 hex digits. */
const char *git_id(const struct git *g);

/* Calls each(name, is_file, arg) for every entry of the directory, in the order of names (as
 * strcmp); is_file is false for directories, symbolic links and submodules. A result other than 0
 * ends the walk and is returned. */
int git_each(const struct git *g, int (*each)(const char *name, bool is_file, void *arg),
	     void *arg);

/* The same for the names in a sub-directory; 0 when there is none of that name. */
int git_each_below(const struct git *g, const char *directory,
		   int (*each)(const char *name, void *arg), void *arg);

/* Reads a file of the directory, at the opened revision (rev NULL) or at another ("origin/main").
 * The bytes are lent until git_free(). NOTFOUND when there is no such file, INVALID when it is
 * larger than `max` bytes or not a regular file. */
int git_read(struct git *g, const char *rev, const char *name, size_t max, struct span *bytes,
	     struct err *err);

/* Checks that every file of the directory can be read; IO when one is missing or damaged. */
int git_check(struct git *g, struct err *err);

/* The files of the directory that `wanted` selects and that differ between the checkout and the
 * commit (changed, added, removed), comma-separated. NULL when there are none, when there is no
 * checkout, or when the opened commit is not its HEAD. The caller frees it. */
char *git_uncommitted(const struct git *g, bool (*wanted)(const char *name));

/* The author of a line of a file, as of the commit ("Ann Smith <ann@corp>"); NULL when it is
 * unknown, as in a shallow clone, or in a partial one that lacks what was there before. Lent until
 * the next call. */
const char *git_author(struct git *g, const char *name, int line);
bool git_is_shallow(const struct git *g);
/* Cloned with a filter (--filter=blob:none): it may lack the older files that tell an author. */
bool git_is_partial(const struct git *g);

#endif
