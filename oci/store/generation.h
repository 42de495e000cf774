/*
 * generation - states of index.json, numbered; and how one becomes the next.
 *
 * Calling order of everything that changes what is published (a sync, a rollback, ...):
 *
 *	lock = generation_lock(&l, who, wait, err)   short: only while index.json is replaced
 *	generation_load(&l, &index, err)             what is published now
 *	... change index ...
 *	generation_publish(&l, &index, &what, err)   generation file, journal, index.json
 *	close(lock)
 *
 * At any moment, killed or not, index.json is the generation before or the one after. A file in
 * .mirror/generations newer than index.json is an orphan: overwritten, never offered.
 *
 * A writer stops at an index.json that cannot be read, that is missing although generations are
 * kept, or that another tool has overwritten (it has lost its number); the message says which file
 * to put back. A layout of another tool, with no generations kept yet, is generation 0.
 */
#ifndef OCI_STORE_GENERATION_H
#define OCI_STORE_GENERATION_H

#include <stddef.h>

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

/* Loads what is published now, for a caller that will publish: call it under the lock. A new mirror
 * (no index.json, no generations) gets an empty generation 0 on disk first. An x that was loaded
 * before, and not changed since, is kept when the bytes are still the same. Readers call
 * index_load(). */
int generation_load(const struct layout *l, struct index *x, struct err *err);

/* The number in the index's annotations; 0 when it has none. */
long generation_number(const struct index *x);

struct publication {
	const char *made_by;        /* "sync", "rollback", "undo", "hold", "release" */
	const char *label;          /* or NULL */
	const char *commit;         /* of the lists, or NULL: the previous one stays */
	struct journal_line *lines; /* generation and time are filled in; time is lent by x */
	size_t nlines;
};

/* Publishes x as the generation after the one it was loaded as, under the lock. All blobs must be
 * committed. Gives the new number or -1; on failure the previous generation stands and x is as
 * before. Only when the disk fails at the very last step, after index.json was replaced, the new
 * one stands: the message says so. */
long generation_publish(const struct layout *l, struct index *x, const struct publication *what,
			struct err *err);

/* Reads an earlier generation. NOTFOUND when it was never published or is no longer kept. */
int generation_read(const struct layout *l, long number, struct index *x, struct err *err);

/* The numbers kept, ascending, up to the current one; *numbers is freed by the caller. */
int generation_list(const struct layout *l, long current, long **numbers, size_t *n,
		    struct err *err);

#endif
