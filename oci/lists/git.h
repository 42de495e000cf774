/*
 * git - lists as they stand in a commit. Read with libgit2, never by running git; no hook of a checkout
 * runs here and no configuration of the user or the machine is read, so a checkout owned by somebody else
 * is read too.
 */
#ifndef OCI_LISTS_GIT_H
#define OCI_LISTS_GIT_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct err;

struct git;

/*
 * Opens where the lists are: a directory inside a checkout ("mirror-lists", any depth, also one that is
 * only in the commit), the root of a checkout or of a bare repository, or "repo.git:path" for a directory
 * in a bare one. rev is any git revision. USAGE when it is no git repository (hint: --worktree) or when
 * the revision is unknown, NOTFOUND when the commit has no such directory; IO when the repository lacks what
 * it names, or has it broken.
 */
struct git *git_open(const char *where, const char *rev, struct err *err);
/* The same for the directory `path` of a commit in this bare repository, whatever is in its name. */
struct git *git_open_bare(const char *repository, const char *path, const char *rev,
			  struct err *err);
void git_free(struct git *g);

/* Starts libgit2, with what is said above about configuration and owners; each start has its stop. */
void git_start(void);
void git_stop(void);

/* The commit's id, 40 hex digits. */
const char *git_id(const struct git *g);

/* Calls each(name, is_file, arg) for every entry of the directory, in the order of names (as strcmp); is_file
 * is false for directories, symbolic links and submodules. A result other than 0 ends it and is given. */
int git_each(const struct git *g, int (*each)(const char *name, bool is_file, void *arg),
	     void *arg);

/* One file of the directory, at this or another revision ("origin/main"; NULL: the one opened), of at most
 * `max` bytes. The bytes are lent until git_free. NOTFOUND when it is not there, INVALID when it is larger
 * or no regular file. */
int git_read(struct git *g, const char *rev, const char *name, size_t max, struct span *bytes,
	     struct err *err);

/* Whether every file of the directory can be read; IO when the repository lacks one, or has it broken. */
int git_check(struct git *g, struct err *err);

/* Files in the directory that `wanted` names and whose state in the checkout differs from the commit (changed,
 * added, removed), comma-separated; NULL when there are none, when there is no checkout, or when another commit
 * than its HEAD was opened. The caller frees it. */
char *git_uncommitted(const struct git *g, bool (*wanted)(const char *name));

/* Who wrote a line as of the commit ("Ann Smith <ann@corp>"); NULL when it cannot be told, as from a shallow
 * clone. Lent until the next call. */
const char *git_author(struct git *g, const char *name, int line);
bool git_is_shallow(const struct git *g);

#endif
