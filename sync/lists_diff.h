/*
 * lists_diff - which lines of the lists mean something else than they did in another revision: what a pull request is
 * asked about.
 *
 * Lines are compared by what they mean to an upstream (source, target, choice of tags, platforms, referrers), not by where
 * they stand or how they are written; mirror.conf's part in that counts too. How long snapshots are kept, or whose
 * line it is, is nothing that an upstream could be asked about.
 */
#ifndef SYNC_LISTS_DIFF_H
#define SYNC_LISTS_DIFF_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct list_source;
struct list_source_options;

/*
 * Which of s->lists->images are new or different since revision `since` of where the options say they are: an array of
 * as many flags, to be freed; *n gets how many are set. All are where that revision has no lists yet, or when since is NULL.
 * USAGE when it is unknown.
 */
bool *lists_diff_since(const struct list_source *s, const struct list_source_options *o,
		       const char *since, size_t *n, struct err *err);

#endif
