/*
 * min_age - min-age=: new content of a name waits before it is published.
 *
 * What waits: content that moves under a name that this line's source has already given content,
 * and a tag that tag options choose newly, beside what the mirror has of that line. What does not:
 * a line's first content, and a digest that its line pins; both were asked for in a review.
 *
 * A digest has waited since the first of an unbroken series of checks that saw it. A check that
 * fails breaks nothing; one that sees another digest, or none, does. The series is kept in the row
 * of the reference (oci/store/sync_state.h), also while the tag is held. Times are the mirror's own
 * clock's. When that clock differs from those of most hosts, nobody knows what has waited for how
 * long: such a run ends no wait and begins none.
 *
 *	at HEAD		min_age_waits() judges what was found
 *	after work	min_age_look_back() finds what was published before
 *			min_age_settle(), once all hosts have told their time
 *	after merge	min_age_record() writes what was seen into the rows
 */
#ifndef SYNC_MIN_AGE_H
#define SYNC_MIN_AGE_H

#include <stdbool.h>
#include <time.h>

#include "oci/image/digest.h"

struct buf;
struct outcome;
struct run;
struct sync_row;
struct target;

/* What a target knows of waiting. All 0 at first. */
struct min_age {
	bool is_beside;       /* tag options choose it newly, beside other content of its line */
	bool is_subject;      /* what was found has to wait, or had to */
	bool is_skipped;      /* by --skip-min-age */
	time_t since, until;  /* of what was found, when it is subject */
	long changed;         /* how often upstream has changed its mind while something waited, */
	time_t changed_since; /* ... and since when */
	bool was_published;   /* the offer of the checks before: the tag had it once */
	struct digest
		*taken_back; /* an offer that was gone before it was published, owned; or NULL */
	time_t taken_since, taken_seen; /* the first and the last check that saw it, */
	time_t taken_until;             /* ... and when its wait ended, or would have */
};

/* ---- the rules, on a row; row may be NULL ---- */

/* Since when the digest has waited, at `now`: now itself when no series of the row is about it. */
time_t min_age_since(const struct sync_row *row, const struct digest *d, time_t now);
/* Whether the row's offer waits, and its time is over: it is asked for once more. */
bool min_age_is_due(const struct sync_row *row, long min_age, time_t now);

/* A check that upstream has answered. */
struct min_age_check {
	const struct digest *offer;     /* not published; NULL: nothing is offered but what is */
	const struct digest *published; /* after the run; "" when nothing is */
	long min_age;                   /* seconds; -1: the offer does not wait */
	time_t now;
	bool is_clock_wrong;
	bool was_published; /* the row's offer, under this name */
};

/* Writes a check into the row; what it ends and what it continues goes into *m. */
void min_age_see(struct sync_row *row, const struct min_age_check *check, struct min_age *m);

/* ---- in a run ---- */

/* Whether a target has to wait before what was found is published. */
bool min_age_waits(const struct run *r, struct target *t);
/* The target is not due for a check, and what was found last still waits: sets what is known. */
bool min_age_recall(const struct run *r, struct target *t);
/* Whether --observe asks for the target: for what can wait, as often as it is called, and for
 * nothing that the next sync would not ask for. */
bool min_age_is_observed(const struct target *t);
/* Before the merge: finds which offers of the checks before the tags once had. */
void min_age_look_back(struct run *r);
/* Targets whose wait is over wait on when this machine's clock differs from those of most hosts;
 * then a warning is told. */
void min_age_settle(struct run *r);
/* Writes what this run saw into the rows. */
void min_age_record(struct run *r);

/* ---- in words ---- */

/* Appends until when a target waits, and that it moves too often to be ever published. */
void min_age_describe_wait(struct buf *out, const struct target *t, time_t now);
/* Appends the offer that upstream took back before `now`, if there is one. */
void min_age_describe_taken(struct buf *out, const struct min_age *m, time_t now);
/* Both, as far as there is something to say. */
void min_age_describe(struct buf *out, const struct target *t, time_t now);

#endif
