/*
 * generation - states of index.json, numbered; and how one becomes the next.
 *
 * Calling order of everything that changes what is published (a sync, a rollback, ...):
 *
 *	lock = generation_lock(&l, who, wait, err)   short: only while index.json is replaced
 *	generation_load(&l, &index, err)             what is published now
 *	... change index ...
 *	generation_publish(&l, &index, &what, err)   table, generation file, journal, index.json
 *	close(lock)
 *	generation_thin(&l, number)                  old generations become differences; no lock
 *
 * A publisher that has much to read first does it without the lock: generation_open(), the work,
 * generation_lock(), generation_is_current(), generation_publish(); or all of it again when another
 * one has published meanwhile.
 *
 * At any moment, killed or not, index.json is the generation before or the one after. A file in
 * .mirror/generations newer than index.json that was not published is an orphan: overwritten, never
 * offered.
 *
 * A writer stops at an index.json that cannot be read, that is missing although generations are
 * kept, that another tool has overwritten (it has lost its number), or that is not the newest
 * generation (an older one was put back); the message says which file to put back. "mirror-publish
 * restored" accepts an older one as a new generation. A layout of another tool, with no generations
 * kept yet, is generation 0.
 */
#ifndef OCI_STORE_GENERATION_H
#define OCI_STORE_GENERATION_H

#include <stddef.h>
#include <time.h>

#include "oci/image/digest.h"

struct err;
struct index;
struct journal_line;
struct layout;

/* The publisher's lock (.mirror/lock). Gives a descriptor to close, or -1. */
int generation_lock(const struct layout *l, const char *who, int wait, struct err *err);

/* Loads what is published now, for a caller that will not write: in a new mirror x is empty, and
 * nothing is made. Fails as generation_load() does. */
int generation_look(const struct layout *l, struct index *x, struct err *err);
/* After generation_look(), without a lock: what speaks against x being the newest generation. 1:
 * *doubt says what a writer would say, which would stop. 0: nothing. A publisher that is at work
 * meanwhile is no doubt; x may then be read again. */
int generation_doubt(const struct layout *l, struct index *x, struct err *doubt);

/* Loads what is published now, for a caller that will publish: call it under the lock. A new mirror
 * (no index.json, no generations) gets an empty generation 0 on disk first. An x that was loaded
 * before, and not changed since, is kept when the bytes are still the same. Readers call
 * index_load(). */
int generation_load(const struct layout *l, struct index *x, struct err *err);

/* The same without the lock, for a caller that reads first and locks later. Takes the lock only
 * when what it finds does not fit together, and looks again. */
int generation_open(const struct layout *l, const char *who, int wait, struct index *x,
		    struct err *err);

/* Whether index.json still is what x was loaded from: 1 or 0; -1 when it cannot be read. */
int generation_is_current(const struct layout *l, const struct index *x, struct err *err);

/* The number in the index's annotations; 0 when it has none. */
long generation_number(const struct index *x);

struct publication {
	const char *made_by;        /* "sync", "rollback", "undo", "hold", "release" */
	const char *label;          /* or NULL */
	const char *commit;         /* of the lists, or NULL: the previous one stays */
	const char *who;            /* or NULL */
	time_t started;             /* of the run; 0: now */
	struct journal_line *lines; /* generation and time are filled in; time is lent by x */
	size_t nlines;
	/* or NULL: gets why mirror-serve was left no table (served_file.h). Its kind stays ERR_NONE
	 * when there is one. */
	struct err *no_table;
};

/* Publishes x as the generation after the one it was loaded as, under the lock. All blobs must be
 * committed. Gives the new number or -1; on failure the previous generation stands and x is as
 * before. Only when the disk fails at the very last step, after index.json was replaced, the new
 * one stands: the message says so. */
long generation_publish(const struct layout *l, struct index *x, const struct publication *what,
			struct err *err);

/* Reads an earlier generation. NOTFOUND when it was never published or is no longer kept. */
int generation_read(const struct layout *l, long number, struct index *x, struct err *err);

/* The same, of a number that index.json does not know of: of one that was put back. */
int generation_read_kept(const struct layout *l, long number, struct index *x, struct err *err);
/* Its annotations only, from the first line of its file: x has no entries. */
int generation_read_head(const struct layout *l, long number, struct index *x, struct err *err);
/* What a reference meant in a generation, from the one line about it: 1, 0 when it was not there,
 * -1 when the generation cannot be read. */
int generation_meaning(const struct layout *l, long number, const char *ref, struct digest *d,
		       struct err *err);
/* How many references the generation moved; -1 when version 0.1 made it. */
long generation_moved(const struct index *x);

/* Makes differences of old generations, a few at a time: to be called after a publish, when the
 * lock is released. Failures are harmless and not told. */
void generation_thin(const struct layout *l, long current);

/* Loads an index.json that was put back, whatever its number. *newest gets the largest number that
 * this mirror has ever given. */
int generation_restored_open(const struct layout *l, struct index *x, long *newest,
			     struct err *err);
/* Publishes it as the generation after all others, under the lock. */
long generation_publish_restored(const struct layout *l, struct index *x,
				 const struct publication *what, struct err *err);

/* The numbers kept, ascending, up to the current one; *numbers is freed by the caller. */
int generation_list(const struct layout *l, long current, long **numbers, size_t *n,
		    struct err *err);

#endif
