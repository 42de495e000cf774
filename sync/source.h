/*
 * source - where the lists come from: a commit (oci/git.h) or, with --worktree, the files as they are.
 */
#ifndef SYNC_SOURCE_H
#define SYNC_SOURCE_H

#include <stdbool.h>

struct err;
struct git;
struct list_image;
struct lists;

struct source_options {
	const char *where; /* --lists: a directory, or repo.git:path */
	const char *rev;   /* --rev */
	bool worktree;
};

struct source {
	struct lists *lists;
	struct git *git;    /* NULL with --worktree */
	char *where;        /* as given, for messages: "mirror-lists" */
	const char *commit; /* 40 hex digits; "" with --worktree */
	bool said_shallow;
};

#define SOURCE_INIT                                                                                \
	{                                                                                          \
		.lists = NULL                                                                      \
	}

/* Reads all lists and mirror.conf. Problems in them are in lists->problems, not an error here; *err is
 * for a place that cannot be read at all. Says on stderr what is uncommitted and therefore unused. */
int source_load(struct source *s, const struct source_options *o, struct err *err);
void source_release(struct source *s);

/* "base.list:12@<commit>" ("base.list:12" without a commit); the caller frees it. */
char *source_place(const struct source *s, const struct list_image *image);

/* Who wrote that line; NULL when it cannot be told (said once for a shallow clone). Lent. */
const char *source_author(struct source *s, const struct list_image *image);

#endif
