/*
 * tag_select - the tags of a repository that a line chooses: tags=, exclude=, match=, semver=,
 * newest=.
 *
 * It gets names and gives names, and does no I/O.
 */
#ifndef OCI_LISTS_TAG_SELECT_H
#define OCI_LISTS_TAG_SELECT_H

#include <stddef.h>

#include "oci/base/span.h"

struct err;
struct image_options;
struct newest_left;
struct tag_select;

/* Compiles the options of a line. NULL with USAGE when one is wrong; image_options_read() refuses
 * such options. */
struct tag_select *tag_select_new(const struct image_options *o, struct err *err);
void tag_select_free(struct tag_select *s);

/* Whether a name is chosen, without regard to newest=: it matches every given option (tags, match,
 * semver) and no pattern of exclude. A name that is not a tag, and a digest tag (sha256-<hex>...),
 * never is. 1, 0, or -1 with LIMIT when a regular expression takes too long. */
int tag_select_match(const struct tag_select *s, struct span tag, struct err *err);

/*
 * Keeps the chosen names, in place and each once, and gives their number; NULLs are dropped.
 * newest=N keeps what oci/lists/newest.h says, newest first; `left` (may be NULL, is empty) gets
 * what it leaves out. -1 with LIMIT when a regular expression takes too long, or with INVALID when
 * newest= finds tags, but none that counts.
 */
long tag_select_tags(const struct tag_select *s, const char **tags, size_t n,
		     struct newest_left *left, struct err *err);

#endif
