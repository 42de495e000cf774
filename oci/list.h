/*
 * list - the files of mirror-lists: what is mirrored, and mirror.conf: how.
 *
 * One grammar (see oci/line.h). All errors of all files are collected, each with file:line:column, so
 * that a person mends them at once. Usage:
 *
 *	struct lists *ls = lists_new();
 *	lists_add(ls, "base.list", bytes) ...           // every *.list, in name order
 *	lists_add_conf(ls, "mirror.conf", bytes)        // if there is one
 *	if (lists_finish(ls) > 0) ... ls->problems      // errors: nothing is to be done
 */
#ifndef OCI_LIST_H
#define OCI_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/conf.h"
#include "oci/problem.h"
#include "oci/ref.h"
#include "oci/span.h"

struct err;
struct select;

/* One line of a list with its options, those of mirror.conf's `image` lines filled in. */
struct list_image {
	struct ref source; /* where it is asked for; tag NULL when tags come by option */
	struct ref target; /* what it is published as; likewise */
	const char *file;  /* lent by the lists */
	int line, column;
	struct image_options o;
	struct select *select; /* which tags, when they come by option; else NULL */
	bool snapshot;         /* names a snapshot: kept from prune, asked of nobody */
};

struct lists {
	struct list_image *images;
	size_t n, cap;
	struct conf conf;
	struct problems problems; /* errors and warnings, in the order of files and lines */
	char **files;             /* names, owned */
	size_t nfiles;
};

struct lists *lists_new(void);
void lists_free(struct lists *ls);
void lists_add(struct lists *ls, const char *file, struct span bytes);
void lists_add_conf(struct lists *ls, const char *file, struct span bytes);

/* Applies mirror.conf's patterns and policy, and finds what only shows across lines (the same target
 * twice, two sources for one target). Gives the number of errors. */
size_t lists_finish(struct lists *ls);

#endif
