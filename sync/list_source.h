/*
 * list_source - where the lists come from: a commit (oci/lists/git.h) or, with --worktree, the files as they are.
 *
 * `*.list` files are read in the order of their names, and mirror.conf beside them; sub-directories and
 * hidden files are not.
 */
#ifndef SYNC_LIST_SOURCE_H
#define SYNC_LIST_SOURCE_H

#include <stdbool.h>

struct buf;
struct err;
struct git;
struct list_image;
struct lists;

struct list_source_options {
	const char *where; /* --lists: a directory, or repo.git:path */
	const char *clone; /* --repo's, in which `where` is a path; or NULL */
	const char *rev;   /* --rev */
	bool worktree;
	const char *
		conf_rev; /* the revision of mirror.conf, when it is another: the base branch's; or NULL */
	const char *suffix; /* --snapshot-suffix; or NULL */
	bool quiet;         /* nothing is said of what is uncommitted */
};

struct list_source {
	struct lists *lists;
	struct git *git;      /* NULL with --worktree */
	char *where;          /* as given, for messages: "mirror-lists" */
	const char *commit;   /* 40 hex digits; "" with --worktree */
	const char *conf_rev; /* lent by the options */
	bool said_shallow;
};

#define LIST_SOURCE_INIT                                                                           \
	{                                                                                          \
		.lists = NULL                                                                      \
	}

/* Reads all lists and mirror.conf. Problems in them are in lists->problems, not an error here; *err is
 * for a place that cannot be read at all, NOTFOUND when no list is there. Says on stderr what is uncommitted and therefore unused. */
int list_source_load(struct list_source *s, const struct list_source_options *o, struct err *err);
void list_source_release(struct list_source *s);

/* "base.list:12@<commit>" ("base.list:12" without a commit); the caller frees it. */
char *list_source_place(const struct list_source *s, const struct list_image *image);

/* Who wrote that line ("Ann Smith <ann@corp>"); NULL when it cannot be told (said once for a shallow clone).
 * Lent until the next call. */
const char *list_source_author(struct list_source *s, const struct list_image *image);

/* A file beside mirror.conf (`ca=corp-ca.pem`), from where the lists are; `name` is a plain file name. */
int list_source_read(struct list_source *s, const char *name, struct buf *out, struct err *err);

#endif
