/*
 * check - problems of the lists, for people: what --check prints, and what stops a sync.
 */
#ifndef SYNC_CHECK_H
#define SYNC_CHECK_H

#include <stddef.h>

struct source;

/* Prints every problem as "mirror-lists/base.list:12:5: unknown option ..." on stderr. Gives the number
 * of errors (warnings do not count). */
size_t check_print(const struct source *s);

/* What --check says on stdout when all is well: how many files, lines and repositories. */
void check_summary(const struct source *s);

#endif
