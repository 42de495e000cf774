/*
 * change - one generation in the making: the tags that a verb moves, holds and releases, its
 * journal lines, and its results.
 *
 *	cleanup_by(change_release) struct change c = CHANGE_INIT;
 *	change_begin(&c, inv, "rollback", reason, err)	 loads what is published; takes no lock
 *	change_move(&c, e, to, err) ...			 each image by itself: one that fails stays
 *	change_fail(&c, ref, &why) ...
 *	return change_finish(&c, inv, err)		 one generation for all, or none for nothing
 *
 * The lock is taken by change_finish(), for the publish alone. When another publisher came first,
 * it gives VERB_AGAIN, which the verb gives back to main: the verb is run again.
 *
 * An image that cannot be changed is reported and left as it is; the others go on.
 */
#ifndef PUBLISH_CHANGE_H
#define PUBLISH_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "oci/store/banned.h"
#include "oci/store/journal.h"
#include "oci/store/marks.h"
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
	const char *pattern; /* that chose it, lent; NULL: named otherwise */
	bool failed;
	bool is_idle; /* nothing was changed */
};

struct change {
	struct mirror mirror;
	struct retag retag;
	struct marks marks;   /* of the index; written back when it is published */
	struct banned banned; /* what the mirror has, looked through for them */
	bool dry_run;         /* set before change_begin(): nothing is locked or published */
	const char *pattern;  /* of the items that are added from now on; lent, or NULL */
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
		.mirror = MIRROR_INIT, .marks = MARKS_INIT                                         \
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

/* INVALID when content d has something banned in it: "stays: `what` is banned by ..."; the caller
 * gives it to change_fail(). */
int change_check_banned(struct change *c, const struct digest *d, const char *what,
			struct err *err);
/* Reports an image that stays as it is, with a message. */
void change_skip(struct change *c, const struct entry *e, const char *message);
/* The same when something but its content was changed. */
void change_note(struct change *c, const struct entry *e, const char *message);
/* The same for a reference without an entry. */
void change_note_ref(struct change *c, const char *ref, const char *message);
/* Reports an image that could not be changed, and why. */
void change_fail(struct change *c, const char *ref, const struct err *why);

/* Adds a line to the journal; members that are NULL are left out. */
void change_journal(struct change *c, const char *ref, const char *old_digest,
		    const char *new_digest, const char *why, const char *detail);

/* Publishes when there is a journal line, under the lock, then reports the items
 * (publish/change_report.h). Gives the exit status, VERB_AGAIN, or -1: nothing was published. */
int change_finish(struct change *c, const struct invocation *inv, struct err *err);

#endif
