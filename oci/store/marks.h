/*
 * marks - the content that references must not come to: bad for one reference, or banned for all.
 *
 * Pure functions on an index in memory. Marks are annotations of the index itself, so that they
 * outlive snapshots and references. Each is a JSON array, sorted:
 *
 *	dev.ocimirror.bad	[{"ref":"...","digest":"sha256:...","by":"rollback","reason":"...",
 *				  "who":"...","since":"..."}, ...]	by reference, then digest
 *	dev.ocimirror.banned	[{"digest":"sha256:...","by":"block", ...}, ...]	by digest
 *
 * bad: a rollback or an undo moved the reference away from that digest. No sync, rollback or undo
 * moves it there again; but `rollback --to` may, and an undo may go to what an undo left. Both then
 * clear the mark, as `release` clears all marks of a reference. banned: nothing published may
 * contain it.
 *
 *	cleanup_by(marks_release) struct marks m = MARKS_INIT;
 *	marks_load(&m, &index, err)	also reads what version 0.1 wrote
 *	marks_bad(&m, ref, &digest) ... marks_add_bad(&m, ref, &digest, ...) ...
 *	marks_save(&m, &index)		before generation_publish(), by everything that publishes
 *
 * Version 0.1 kept bad digests in holds of mode "blocked", and marked snapshots bad. marks_load()
 * gives both as marks; marks_save() takes them off the entries. marks_load() therefore comes before
 * any change of the index.
 */
#ifndef OCI_STORE_MARKS_H
#define OCI_STORE_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "oci/image/digest.h"

struct entry;
struct err;
struct index;

/* What set a mark. A rollback's outranks an undo's. */
enum mark_by { MARK_ROLLBACK, MARK_UNDO, MARK_BLOCK, MARK_DENY };

struct mark {
	char *ref; /* a bad mark's; NULL: banned */
	struct digest digest;
	enum mark_by by;
	char *reason, *who, *since; /* "" where nothing is known; since is RFC 3339 */
};

/* Sorted. */
struct mark_list {
	struct mark *v;
	size_t n, cap;
};

struct marks {
	struct mark_list bad, banned;
};

#define MARKS_INIT                                                                                 \
	{                                                                                          \
		.bad = {.v = NULL }                                                                \
	}

/* "rollback", "undo", "block" or "deny". */
const char *mark_by_word(enum mark_by by);

/* Reads the marks of an index. INVALID when they cannot be read: a damaged annotation must not let
 * bad content through. m is then empty. */
int marks_load(struct marks *m, const struct index *x, struct err *err);
/* Writes them, and takes what version 0.1 wrote off the entries. */
void marks_save(const struct marks *m, struct index *x);
void marks_release(struct marks *m);

/* The mark that keeps ref from the digest, or NULL. Lent until a mark is added or cleared. */
const struct mark *marks_bad(const struct marks *m, const char *ref, const struct digest *d);
/* The marks of a reference: *n of them, from the one that is returned on. */
const struct mark *marks_of(const struct marks *m, const char *ref, size_t *n);
/* A mark that is there already is replaced, but a rollback's not by an undo's. */
void marks_add_bad(struct marks *m, const char *ref, const struct digest *d, enum mark_by by,
		   const char *reason, const char *who, time_t since);
/* Clears the mark of a digest, or (d is NULL) all of ref; gives how many there were. */
size_t marks_clear_bad(struct marks *m, const char *ref, const struct digest *d);

const struct mark *marks_banned(const struct marks *m, const struct digest *d);
void marks_add_banned(struct marks *m, const struct digest *d, enum mark_by by, const char *reason,
		      const char *who, time_t since);
/* Whether there was one. */
bool marks_remove_banned(struct marks *m, const struct digest *d);

/*
 * The mark that keeps e back since it was last moved: the mark of what it meant before, which it
 * was moved away from. NULL when a sync has moved e since then, and when no mark is left.
 */
const struct mark *marks_kept_back(const struct marks *m, const struct index *x,
				   const struct entry *e);

#endif
