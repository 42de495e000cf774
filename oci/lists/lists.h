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
 * A tag that several lines choose belongs to the line that names it, or else to the first of them.
 */
#ifndef OCI_LISTS_LISTS_H
#define OCI_LISTS_LISTS_H

#include <stddef.h>

#include "oci/base/problem.h"
#include "oci/base/span.h"
#include "oci/base/strvec.h"
#include "oci/lists/list_image.h"
#include "oci/lists/mirror_conf.h"

struct ref;

struct lists {
	struct list_image *images;
	size_t n, cap;
	struct mirror_conf conf;
	struct problems problems; /* errors and warnings, in the order of files and lines */
	struct strvec files;      /* their names */
	const char *suffix;       /* of snapshots, lent; lists_finish() sets it when it is NULL */
};

struct lists *lists_new(void);
void lists_free(struct lists *ls);
/* Reads one file. The bytes are not needed afterwards; problems go to ls->problems. */
void lists_add(struct lists *ls, const char *file, struct span bytes);
void lists_add_conf(struct lists *ls, const char *file, struct span bytes);

/*
 * Applies the patterns and the policy of mirror.conf, and checks all lines together: a target that
 * is listed twice, or from two sources, is an error; a line that names a snapshot of a listed tag
 * is marked. Sorts the problems and gives the number of errors.
 *
 * Two lines that choose tags of one repository may overlap when they have the same source, which
 * gives the same image. With different sources they may not: which of them a tag comes from would
 * depend on the tags that upstream has.
 */
size_t lists_finish(struct lists *ls);

/*
 * The options of one target of a line. They differ from image->o when options choose tags: then
 * only the target has a tag, and patterns of mirror.conf that name tags ("image *:latest
 * refresh=10m") apply. image_options_drop_defaults() was called. Texts are lent by the lists.
 */
void lists_options(const struct lists *ls, const struct list_image *image, const struct ref *target,
		   struct image_options *out);

#endif
