/*
 * check - problems of the lists, for people: what --check prints, and what stops a sync.
 */
#ifndef SYNC_CHECK_H
#define SYNC_CHECK_H

#include <stddef.h>
#include <stdio.h>

#include "sync/problem_format.h"

struct list_source;

/*
 * Tells of every problem: as text on stderr, "mirror-lists/base.list:12:5: unknown option ..."; as annotations on
 * stdout; as a code quality report on stdout, whole also when there is no problem, beside the text. Gives the
 * number of errors (warnings do not count).
 */
size_t check_print(const struct list_source *s, enum problem_format format);

/* What --check says when all is well: how many files, lines and repositories. On stdout, unless a report is there. */
void check_summary(const struct list_source *s, enum problem_format format);

/* Where what is said for people goes: stdout, or stderr when that is a report's. */
FILE *check_out(enum problem_format format);

/* "s", or "" for one. */
const char *check_plural(size_t n);

#endif
