/*
 * select - which tags of a repository a line means: tags=, exclude=, match=, semver=, newest=.
 *
 * Pure: names in, names out.
 */
#ifndef OCI_SELECT_H
#define OCI_SELECT_H

#include <stddef.h>

struct err;
struct image_options;
struct select;

/* Compiles the options of a line. USAGE, saying which option is wrong and why. */
struct select *select_new(const struct image_options *o, struct err *err);
void select_free(struct select *s);

/*
 * Keeps the names that are meant, in place, and gives how many: those that match every option given
 * (tags, match, semver), none of exclude, no digest-tags (sha256-<hex>...), then the newest N by
 * version. Names that are no tags are dropped. -1 with LIMIT when a regular expression runs away,
 * or INVALID when newest= meets tags that are no versions.
 */
long select_tags(const struct select *s, const char **tags, size_t n, struct err *err);

#endif
