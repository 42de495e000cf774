/*
 * lists_diff - which lines of the lists are new or different since another revision; a pull request
 * is checked for these.
 *
 * Lines are compared by what they ask of an upstream: source, target, choice of tags, platforms,
 * referrers, with the defaults of mirror.conf. Their place, their spelling, retention and owner do
 * not count.
 */
#ifndef SYNC_LISTS_DIFF_H
#define SYNC_LISTS_DIFF_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct list_source;
struct list_source_options;

/*
 * Compares s->lists->images with the lists in revision `since` of the place that the options name.
 * Gives an array with a flag for each image, to be freed; *n gets the number of flags that are set.
 * All are set when that revision has no lists, or since is NULL. NULL with USAGE when it is
 * unknown.
 */
bool *lists_diff_since(const struct list_source *s, const struct list_source_options *o,
		       const char *since, size_t *n, struct err *err);

#endif
