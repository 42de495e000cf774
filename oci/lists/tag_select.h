/*
 * tag_select - which tags of a repository a line means: tags=, exclude=, match=, semver=, newest=.
 *
 * Pure: names in, names out.
 */
#ifndef OCI_LISTS_TAG_SELECT_H
#define OCI_LISTS_TAG_SELECT_H

#include <stddef.h>

#include "oci/base/span.h"

struct err;
struct image_options;
struct tag_select;

/* Compiles the options of a line. NULL with USAGE when they are wrong, which image_options_read() has found. */
struct tag_select *tag_select_new(const struct image_options *o, struct err *err);
void tag_select_free(struct tag_select *s);

/* Whether one name is meant, newest= aside: it matches every option given (tags, match, semver), and
 * none of exclude. What is no tag, or a digest-tag (sha256-<hex>...), never is. 1, 0, or -1 with LIMIT
 * when a regular expression runs away. */
int tag_select_match(const struct tag_select *s, struct span tag, struct err *err);

/*
 * Keeps the names that are meant, in place and each once, and gives how many; NULLs are dropped. With newest=N these are
 * versions only, the newest N, newest first. -1 with LIMIT when a regular expression runs away, or with
 * INVALID when newest= finds tags, but none that is a version.
 */
long tag_select_tags(const struct tag_select *s, const char **tags, size_t n, struct err *err);

#endif
