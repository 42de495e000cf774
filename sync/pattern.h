/*
 * pattern - the patterns of the command line, against references of the lists.
 */
#ifndef SYNC_PATTERN_H
#define SYNC_PATTERN_H

#include <stdbool.h>

struct ref;

/* Whether a pattern matches. `name_only`: the reference has no tag yet, only its name counts. */
bool pattern_matches(const char *pattern, const struct ref *target, bool name_only);

#endif
