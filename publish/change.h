/*
 * change - one generation in the making: the tags that a verb moves, holds and releases, its
 * journal lines, and its results.
 *
 *	cleanup_by(change_release) struct change c = CHANGE_INIT;
 *	change_begin(&c, inv, "rollback", reason, err)	 takes the lock, loads what is published
 *	change_move(&c, e, to, err) ...			 each image by itself: one that fails stays
 *	change_fail(&c, ref, &why) ...
 *	change_finish(&c, inv, err)			 one generation for all, or none for nothing
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

/* One image and its result. All strings are owned; NULL where there is none. */
struct change_item {
	char *ref;
	char *old_digest, *new_digest; /* the same: it stayed */
	char *source;   /* where its new content was found: a snapshot's tag, or "generation 4" */
	char *snapshot; /* the snapshot that keeps the content that it had */
	char *message;  /* "frozen", "is not held"; when it failed, why */
	bool failed;
};

struct change {
	struct mirror mirror;
	struct retag retag;
	const char *made_by, *reason, *who; /* lent */
	struct change_item *items;
	size_t nitems, capitems;
	struct journal_line *lines; /* their strings are owned here */
	size_t nlines, caplines;
	bool failed;     /* an image was left as it was */
	long generation; /* after change_finish(): the one that is published now */
	bool published;
};

#define CHANGE_INIT                                                                                \
	{                                                                                          \
		.mirror = MIRROR_INIT                                                              \
	}

/* made_by: "rollback", "undo", "hold" or "release". reason may be NULL. */
int change_begin(struct change *c, const struct invocation *inv, const char *made_by,
		 const char *reason, struct err *err);
void change_release(struct change *c);

/*
 * Gives e the content of `to`, a snapshot or an entry of an earlier generation, after checking that
 * all of it is on disk. The content that e had gets a snapshot. Gives the item, for the caller to
 * add a source and a message; or NULL: *err says why, and e is as it was.
 */
struct change_item *change_move(struct change *c, struct entry *e, const struct entry *to,
				struct err *err);
/* Publishes again `old`, an entry of an earlier generation whose name is not published any more. */
struct change_item *change_restore(struct change *c, const struct entry *old, struct err *err);

/* Reports an image that is not moved, with a message. */
struct change_item *change_skip(struct change *c, const struct entry *e, const char *message);
/* Reports an image that could not be changed, and why. */
void change_fail(struct change *c, const char *ref, const struct err *why);

/* Adds a line to the journal; members that are NULL are left out. */
void change_journal(struct change *c, const char *ref, const char *old_digest,
		    const char *new_digest, const char *why, const char *detail);

/* Publishes when there is a journal line, then prints the items: as text or JSON on stdout,
 * failures on stderr. Gives the exit status, or -1: nothing was published. */
int change_finish(struct change *c, const struct invocation *inv, struct err *err);

#endif
