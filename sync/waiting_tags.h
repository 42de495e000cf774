/*
 * waiting_tags - tags that wait for their min-age= stand beside newest=N, not in it.
 *
 * A tag that tag options choose newly waits, when the mirror has other tags of that line. It does
 * not push another tag out of newest=N until its wait is over; and a newer tag that comes meanwhile
 * does not push it out of its wait.
 */
#ifndef SYNC_WAITING_TAGS_H
#define SYNC_WAITING_TAGS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct listing;
struct outcome;
struct run;

/* What is known of the n tags of a listing; texts are lent by them. */
struct waiting_tags {
	const char **beside; /* tags that wait and are to be asked for */
	size_t n;
};

#define WAITING_TAGS_INIT                                                                          \
	{                                                                                          \
		.beside = NULL                                                                     \
	}

/* Takes the tags that have to wait out of a listing's tags (they become NULL), so that the line's
 * options choose among the others. Sets l->has_content and l->spare. LIMIT. */
int waiting_tags_take(struct waiting_tags *w, const struct run *r, struct listing *l,
		      const char **tags, size_t n, struct err *err);
void waiting_tags_release(struct waiting_tags *w);

/* Whether an entry that no line chooses any more stays listed, since a tag that pushed it out of
 * newest= has not arrived. */
bool waiting_tags_keep(const struct outcome *o, const char *ref);

/* Tells of tags that waited and that their line does not choose any more: r->outcome.taken_back. */
void waiting_tags_note_vanished(struct run *r);

#endif
