/*
 * lists - the files of mirror-lists: what is mirrored, and mirror.conf: how.
 *
 * One grammar (oci/lists/line.h); `*.list` files hold one image a line (oci/lists/list_image.h).
 * All errors of all files are collected, each with file:line:column, so that a person mends them at
 * once. Usage:
 *
 *	struct lists *ls = lists_new();
 *	lists_add(ls, "base.list", bytes) ...           // every *.list, in name order
 *	lists_add_conf(ls, "mirror.conf", bytes)        // if there is one
 *	if (lists_finish(ls) > 0) ... ls->problems      // errors: nothing is to be done
 *
 * A tag that several lines mean belongs to the line that spells it out, else to the first of them.
 */
#ifndef OCI_LISTS_LISTS_H
#define OCI_LISTS_LISTS_H

#include <stddef.h>

#include "oci/base/problem.h"
#include "oci/base/span.h"
#include "oci/lists/list_image.h"
#include "oci/lists/mirror_conf.h"

struct ref;

struct lists {
	struct list_image *images;
	size_t n, cap;
	struct mirror_conf conf;
	struct problems problems; /* errors and warnings, in the order of files and lines */
	char **files;             /* names, owned */
	size_t nfiles, capfiles;
	const char *
		suffix; /* of snapshots: may be set (lent) before lists_finish, which fills it in */
};

struct lists *lists_new(void);
void lists_free(struct lists *ls);
void lists_add(struct lists *ls, const char *file, struct span bytes);
void lists_add_conf(struct lists *ls, const char *file, struct span bytes);

/*
 * Applies mirror.conf's patterns and its policy, and looks at all lines together: the same target twice
 * and two sources for one target are errors; a line that names a snapshot of a listed tag is marked.
 * Sorts the problems and gives the number of errors.
 *
 * Two lines that choose tags of one repository, from one source, may overlap: they say the same. From two
 * sources they may not, since nobody could tell offline which of them a tag would come from.
 */
size_t lists_finish(struct lists *ls);

/*
 * The options of one target of a line: as image->o, but with mirror.conf's patterns that name tags
 * ("image *:latest refresh=10m") applied to this one, which image->o cannot know when tags come by option.
 * platform "all" has become NULL, keep-for and max-age "never" -1. Texts are lent by the lists.
 */
void lists_options(const struct lists *ls, const struct list_image *image, const struct ref *target,
		   struct image_options *out);

#endif
