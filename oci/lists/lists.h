/*
 * lists - all lists together, with mirror.conf.
 *
 * `*.list` files have one image a line (oci/lists/list_image.h); mirror.conf has the same grammar
 * (oci/lists/line.h). The errors of all files are collected, each with file:line:column, so that
 * one run shows them all. Usage:
 *
 *	struct lists *ls = lists_new();
 *	lists_add(ls, "base.list", bytes) ...           // every *.list, in name order
 *	lists_add_conf(ls, "mirror.conf", bytes)        // if there is one
 *	if (lists_finish(ls) > 0) ... ls->problems      // errors: the lists must not be used
 *
 * A tag that several lines choose or name is mirrored once, as all of them want it.
 */
#ifndef OCI_LISTS_LISTS_H
#define OCI_LISTS_LISTS_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/problem.h"
#include "oci/base/span.h"
#include "oci/base/strvec.h"
#include "oci/base/table.h"
#include "oci/lists/list_image.h"
#include "oci/lists/mirror_conf.h"
#include "oci/lists/options_pool.h"

struct ref;

/* A repository that lines publish. */
struct list_repository {
	char *name;
	const char *group;        /* private= of its lines, lent; NULL: it is public */
	struct list_image *first; /* of its lines */
	bool contradicts;         /* they do not agree about the group */
};

struct lists {
	struct list_image *images;
	size_t n, cap;
	struct options_pool own, whole; /* of lines; of lines and mirror.conf */
	struct mirror_conf conf;
	struct problems problems;  /* errors and warnings, in the order of files and lines */
	struct strvec files;       /* their names */
	struct table repositories; /* struct list_repository by name; made by lists_finish() */
	const char *suffix;        /* of snapshots, lent; lists_finish() sets it when it is NULL */
};

struct lists *lists_new(void);
void lists_free(struct lists *ls);
/* Reads one file. The bytes are not needed afterwards; problems go to ls->problems. */
void lists_add(struct lists *ls, const char *file, struct span bytes);
void lists_add_conf(struct lists *ls, const char *file, struct span bytes);

/*
 * Applies the patterns and the policy of mirror.conf, and checks all lines together; a line that
 * names a snapshot of a listed tag is marked. Sorts the problems and gives the number of errors.
 *
 * The same reference from the same source may stand in several lines; their options are united
 * (image_options_unite()). Lines that contradict each other get a `conflict`, each of them, and no
 * error: they fail, and stop no others. Such are two sources or digests for one target, options
 * that cannot be united, and two groups for one repository. So does a line that contradicts
 * mirror.conf about the group of its target or its source, and one whose as= publishes for others
 * what other lines give to a group under the source's own name. A repository whose tags one line
 * chooses, and another with another source, contradicts itself too: which of them a tag comes from
 * would depend on the tags that upstream has.
 */
size_t lists_finish(struct lists *ls);

/* Adds an error for each line that contradicts another; gives how many there are. For those who
 * check the lists and sync nothing. */
size_t lists_add_conflicts(struct lists *ls);

/* Adds an error for each line that pins a digest that mirror.conf denies; likewise. A sync fails
 * such a line alone. */
void lists_add_denied(struct lists *ls);

/* Whether today's lists say whose images a repository of the mirror has; *group gets the group,
 * NULL for everybody's. False when no line of the lists and no `image` line of mirror.conf is about
 * it, or when its lines contradict each other: then nothing changes. */
bool lists_private(const struct lists *ls, const char *repository, const char **group);

/*
 * The options of one target of a line. They differ from image->o when options choose tags: then
 * only the target has a tag, and patterns of mirror.conf that name tags ("image *:latest
 * refresh=10m") apply. image_options_drop_defaults() was called. Texts are lent by the lists.
 */
void lists_options(const struct lists *ls, const struct list_image *image, const struct ref *target,
		   struct image_options *out);

#endif
