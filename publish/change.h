/*
 * change - one generation in the making: what a verb moves, holds and releases, its journal lines,
 * and what it tells the person who asked.
 *
 *	cleanup_by(change_release) struct change c = CHANGE_INIT;
 *	change_begin(&c, run, "rollback", reason, err)	 takes the lock, loads what is published
 *	change_move(&c, e, to, err) ...			 each image by itself: one that fails stays
 *	change_fail(&c, ref, &why) ...
 *	change_finish(&c, run, err)			 one generation for all, or none for nothing
 *
 * An image that cannot be changed is reported and left as it is; the others go on.
 */
#ifndef PUBLISH_CHANGE_H
#define PUBLISH_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "oci/store/journal.h"
#include "oci/store/retag.h"
#include "publish/mirror.h"

struct err;
struct invocation;

/* One image and what became of it. All strings owned; NULL where there is nothing to say. */
struct change_item {
	char *ref;
	char *old_digest, *new_digest; /* the same: it stayed */
	char *to;    /* where its new content was found: a snapshot, or "generation 4" */
	char *kept;  /* the snapshot that keeps what it meant */
	char *said;  /* in words: "frozen", "was not held" */
	bool failed; /* said is why */
};

struct change {
	struct mirror mirror;
	struct retag move;
	const char *made_by, *reason, *who; /* lent */
	struct change_item *items;
	size_t nitems, capitems;
	struct journal_line *lines; /* their strings are owned here */
	size_t nlines, caplines;
	bool failed;     /* something was left as it was */
	long generation; /* after change_finish(): what was published, or what is */
	bool published;
};

#define CHANGE_INIT                                                                                \
	{                                                                                          \
		.mirror = MIRROR_INIT                                                              \
	}

/* made_by: "rollback", "undo", "hold" or "release". reason may be NULL. */
int change_begin(struct change *c, const struct invocation *run, const char *made_by,
		 const char *reason, struct err *err);
void change_release(struct change *c);

/*
 * Makes e mean what `to` does, `to` being a snapshot or an entry of an earlier generation, once it is
 * certain that all of it is on disk. What e meant is snapshotted. Gives the item, to be completed, or
 * NULL: *err says why, and e is as it was.
 */
struct change_item *change_move(struct change *c, struct entry *e, const struct entry *to,
				struct err *err);
/* Publishes again what is published no longer: adds `old`, an entry of an earlier generation. */
struct change_item *change_restore(struct change *c, const struct entry *old, struct err *err);

/* An image about which only `said` is to be told. */
struct change_item *change_say(struct change *c, const struct entry *e, const char *said);
/* An image that is left as it is, and why. */
void change_fail(struct change *c, const char *ref, const struct err *why);

/* A line of the journal; what is NULL is left out. */
void change_journal(struct change *c, const char *ref, const char *old_digest,
		    const char *new_digest, const char *why, const char *detail);

/* Publishes when there is a journal line, then prints: items as text or JSON on stdout, failures on
 * stderr. Gives the exit status. */
int change_finish(struct change *c, const struct invocation *run, struct err *err);

#endif
