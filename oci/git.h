/*
 * git - lists as they stand in a commit. Read with libgit2, never by running git; no hook of a checkout
 * runs here, so a checkout owned by somebody else is read too.
 */
#ifndef OCI_GIT_H
#define OCI_GIT_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/span.h"

struct err;

struct git;

/*
 * Opens where the lists are: a directory inside a checkout ("mirror-lists", any depth), a checkout's or
 * bare repository's root, or "repo.git:path" for a directory in a bare repository. rev is any git
 * revision. USAGE when it is no git repository (hint: --worktree), when the revision is unknown, or
 * when the commit has no such directory.
 */
struct git *git_open(const char *where, const char *rev, struct err *err);
void git_free(struct git *g);

/* The commit's id, 40 hex digits. */
const char *git_commit(const struct git *g);

/* Calls each(name, bytes, arg) for every regular file directly in the directory, in name order. */
int git_each_file(struct git *g, int (*each)(const char *name, struct span bytes, void *arg),
		  void *arg, struct err *err);
/* One file of the directory at this or another revision ("origin/main"; NULL: the one opened). The
 * bytes are lent until git_free. NOTFOUND when it is not there. */
int git_read(struct git *g, const char *rev, const char *name, struct span *bytes, struct err *err);

/* Names of files in the directory whose worktree state differs from the commit (changed, added,
 * removed), comma-separated; NULL when none or when there is no worktree. The caller frees it. */
char *git_uncommitted(struct git *g);

/* Who wrote a line as of the commit ("Ann Smith <ann@corp>"); NULL when a shallow clone cannot tell.
 * Lent until git_free. */
const char *git_author(struct git *g, const char *name, int line);
bool git_is_shallow(const struct git *g);

#endif
