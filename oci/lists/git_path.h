/*
 * git_path - the path of a directory in a checkout, as a tree of git names it (included by git.c
 * only).
 */
#ifndef OCI_LISTS_GIT_PATH_H
#define OCI_LISTS_GIT_PATH_H

#include <stdbool.h>

bool git_path_is_directory(const char *path);

/* "/a//b/" as a tree names it: "a/b". The caller frees it. */
char *git_path_in_tree(const char *path);

/* The part of `where` that exists, which the caller frees; *rest gets the remainder, lent by
 * `where`. So a directory that exists only in the commit is found, too. */
char *git_path_existing(const char *where, const char **rest);

/* The path of `directory`/`rest` below the root of the repository, or NULL when it is outside (in
 * .git), or root is NULL. The caller frees it. */
char *git_path_below(const char *root, const char *directory, const char *rest);

#endif
