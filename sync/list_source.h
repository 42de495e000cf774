/*
 * list_source - reads the lists from a commit (oci/lists/git.h) or, with --worktree, from files as
 * they are.
 *
 * `*.list` files are read in the order of their names, and mirror.conf beside them; sub-directories
 * and hidden files are not. What looks like a list and is not read is a warning.
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
	const char *where;    /* --lists: a directory, or repo.git:path */
	const char *clone;    /* the clone of --repo, in which `where` is a path; or NULL */
	const char *rev;      /* --rev */
	bool worktree;        /* --worktree */
	const char *conf_rev; /* --conf-rev: the revision of mirror.conf; NULL: rev */
	const char *suffix;   /* --snapshot-suffix; or NULL */
	bool quiet;           /* does not warn of uncommitted files */
};

struct list_source {
	struct lists *lists;
	struct git *git;      /* NULL with --worktree */
	char *where;          /* as given, for messages: "mirror-lists" */
	const char *commit;   /* 40 hex digits; "" with --worktree */
	const char *conf_rev; /* lent by the options, as the next one */
	const char *suffix;   /* --snapshot-suffix; or NULL */
	bool said_shallow;
	bool is_clone; /* a repository without files, so that nothing lies beside `where` */
	char *author;  /* what list_source_author() gave last */
};

#define LIST_SOURCE_INIT                                                                           \
	{                                                                                          \
		.lists = NULL                                                                      \
	}

/*
 * Reads all lists and mirror.conf. Problems in them are in s->lists->problems and no error here;
 * *err is for a place that cannot be read at all, NOTFOUND when there is no list. Warns on stderr
 * of files that are not used since they are not committed.
 */
int list_source_load(struct list_source *s, const struct list_source_options *o, struct err *err);
void list_source_release(struct list_source *s);

/*
 * With --conf-rev, for a check: reads the lists once more with the mirror.conf that stands beside
 * them, as the next sync will when they are merged. Its errors, and those that the lists have with
 * it alone, are added to s->lists->problems. Only the other one's rules say what the lists may do.
 */
void list_source_check_own_conf(struct list_source *s);

/* "base.list:12@<commit>" ("base.list:12" without a commit); the caller frees it. */
char *list_source_place(const struct list_source *s, const struct list_image *image);

/* The author of a line, "Ann Smith <ann@corp>", from git blame, as far as `privacy authors=` lets
 * it be recorded; lent until the next call. NULL with --worktree, with authors=commit, and in a
 * shallow clone, for which a message is printed once. */
const char *list_source_author(struct list_source *s, const struct list_image *image);

/* A file beside mirror.conf (`ca=corp-ca.pem`), from where the lists are; `name` is a plain file
 * name. */
int list_source_read(struct list_source *s, const char *name, struct buf *out, struct err *err);

#endif
