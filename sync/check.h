/*
 * check - prints the problems of the lists: the output of --check, and the reason why a sync stops.
 */
#ifndef SYNC_CHECK_H
#define SYNC_CHECK_H

#include <stddef.h>
#include <stdio.h>

#include "sync/problem_format.h"

struct list_source;

/*
 * Prints every problem: as text on stderr, "mirror-lists/base.list:12:5: unknown option ..."; for
 * GitHub as annotations on stdout; for GitLab as a code quality report on stdout, complete also
 * when there is no problem, beside the text. Gives the number of errors; warnings are not counted.
 */
size_t check_print(const struct list_source *s, enum problem_format format);

/* Adds an error for each line whose host is an address that is not public, or localhost, and has no
 * `registry` line: a request to change the lists must not send the sync there. */
void check_hosts(struct list_source *s);

/* Prints what --check says when there are no errors: the number of files, lines and
 * repositories. */
void check_summary(const struct list_source *s, enum problem_format format);

/* The stream for lines that people read: stdout, or stderr when the report is on stdout. */
FILE *check_out(enum problem_format format);

#endif
