/*
 * journal - .mirror/journal.jsonl: every change of a published name: when, why and by whom.
 *
 * Append-only and never pruned. One line is one change of one reference. A line counts only when
 * its generation was published: a crash between the journal and index.json leaves lines of a
 * generation that was not, and the next append drops them. A writer that appends has made sure that
 * index.json is the newest generation (oci/store/generation.h); otherwise lines of published ones
 * would be dropped.
 */
#ifndef OCI_STORE_JOURNAL_H
#define OCI_STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"
#include "oci/image/digest.h"

struct err;
struct layout;

/* All strings are lent; NULL: absent. */
struct journal_line {
	long generation;
	const char *time; /* RFC 3339 */
	const char *ref;  /* canonical; NULL for a line about the generation as a whole */
	const char *old_digest, *new_digest; /* NULL: the name was new / was removed */
	const char
		*why; /* "sync", "rollback", "undo", "hold", "release", "snapshot", "gone", ... */
	const char *detail; /* the reason given, the snapshot's name, the label */
	const char *who;    /* a person or a job: user@host, or the author of the list line */
	const char *list;   /* file:line */
	const char *commit;
};

/* Drops lines of generations after `current` (and a torn last line), then appends n lines and makes
 * them durable. */
int journal_append(const struct layout *l, long current, const struct journal_line *lines, size_t n,
		   struct err *err);

/* The generation of the last line that parses; -1 when there is none, or no journal. */
int journal_last(const struct layout *l, long *generation, struct err *err);

/* Calls each() for every line up to generation `current`, oldest first; lines that do not parse are
 * passed over and counted in *bad (may be NULL). A non-zero result ends the walk and is given
 * back. */
int journal_walk(const struct layout *l, long current,
		 int (*each)(const struct journal_line *line, void *arg), void *arg, size_t *bad,
		 struct err *err);

/* The same for the lines whose text wants() takes: a million lines are looked at in a second, and
 * parsed in ten. wants() gets the bytes of each line without its newline, which it must not believe
 * to be JSON; the others are neither parsed nor counted. */
int journal_walk_wanted(const struct layout *l, long current,
			bool (*wants)(struct span text, void *arg),
			int (*each)(const struct journal_line *line, void *arg), void *arg,
			size_t *bad, struct err *err);

/* A part of the journal, for readers that come again. */
struct journal_part {
	int64_t from; /* in: the byte where a line begins */
	int64_t next; /* out: where the first line that was not given begins */
	bool more;    /* out: lines up to the generation follow there */
};

/* Calls each() for the lines from there on, up to generation `current` and about a megabyte of
 * them; text is the line with its end. Lines that do not parse are passed over. NOTFOUND when no
 * line begins there: lines of generations that were not published may have been dropped. */
int journal_read_part(const struct layout *l, long current, struct journal_part *part,
		      void (*each)(const struct journal_line *line, struct span text, void *arg),
		      void *arg, struct err *err);

#endif
