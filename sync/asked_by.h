/*
 * asked_by - the lines that ask for a target, as texts: there may be several (two teams need one
 * image).
 */
#ifndef SYNC_ASKED_BY_H
#define SYNC_ASKED_BY_H

#include <stdbool.h>

struct entry;
struct list_source;
struct target;

/* "base.list:12 team.list:3"; the caller frees each of these texts. */
char *asked_by_lines(const struct target *t);
/* The same with "@<commit>" behind each, where the lists have one. */
char *asked_by_places(const struct list_source *s, const struct target *t);
/* "Ann <ann@corp>, Ben <ben@corp>", each author once; NULL when none is known. */
char *asked_by_authors(struct list_source *s, const struct target *t);

/* Whether the entry records as many lines as ask for the target now. Their numbers and the commit
 * change all the time, and alone they are no reason to publish. */
bool asked_by_is_recorded(const struct entry *e, const struct target *t);

#endif
