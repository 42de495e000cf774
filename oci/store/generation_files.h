/*
 * generation_files - .mirror/generations: every index.json that was published, by its number.
 *
 * A generation is kept whole (<n>.json, the bytes of its index.json) or as what differs from the
 * one after it (<n>.diff): the first line of its index.json, a line {"digest":...,"against":n+1},
 * then lines of line_diff.h. It is rebuilt from the next whole one, and its digest is checked. The
 * newest ten, those with a label, and every fiftieth stay whole, so no more than fifty are read for
 * one. Where both files are there, a writer was killed between them, and the whole one counts.
 *
 * A whole file that can still be written to (mode 0644) was not published yet: see generation.c.
 */
#ifndef OCI_STORE_GENERATION_FILES_H
#define OCI_STORE_GENERATION_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/buf.h"
#include "oci/image/digest.h"

struct err;
struct index;
struct layout;

#define GENERATION_DIR ".mirror/generations"
/* ".mirror/generations/42.json" */
#define GENERATION_PATH (sizeof(GENERATION_DIR) + 32)

struct generation_file {
	long number;
	bool whole;
};

struct generation_files {
	struct generation_file *v; /* by number */
	size_t n, cap;
	long max; /* larger numbers are left out */
};

#define GENERATION_FILES_INIT                                                                      \
	{                                                                                          \
		.v = NULL                                                                          \
	}

/* Lists those up to `max`. A layout of another tool has none. */
int generation_files_list(struct generation_files *f, const struct layout *l, long max,
			  struct err *err);
void generation_files_release(struct generation_files *f);
/* NULL when that generation is not kept. */
const struct generation_file *generation_files_find(const struct generation_files *f, long number);

void generation_files_path(long number, bool whole, char out[static GENERATION_PATH]);

/* The annotations of a generation, from the first line of its file. NOTFOUND: not kept. */
int generation_files_head(const struct layout *l, long number, struct index *x, struct err *err);
/* The bytes of its index.json, read or rebuilt. NOTFOUND: not kept. */
int generation_files_read(const struct layout *l, long number, struct buf *bytes, struct err *err);

/* The same, parsed. INVALID when its number is another one, or it requires what is not known. */
int generation_files_index(const struct layout *l, long number, struct index *x, struct err *err);
/* The number in the index's annotations; -1 when it has none. */
long generation_files_number(const struct index *x);

/* A difference as it lies on disk. */
struct generation_diff {
	struct buf bytes;
	struct digest digest; /* of the generation that it makes */
	struct span steps;    /* line_diff.h, lent by bytes */
};

/* Reads <number>.diff. d->bytes is to be released in any case. NOTFOUND without such a file. */
int generation_files_diff(const struct layout *l, long number, struct generation_diff *d,
			  struct err *err);

/* Whether its file says that it was never published, as that of a writer that was killed. */
bool generation_files_is_pending(const struct layout *l, long number);
/* Says that it was published. */
void generation_files_settle(const struct layout *l, long number);

/* Makes differences of whole generations, a few at each call. What cannot be read stays as it is;
 * a failing disk leaves files that were whole. Needs no lock. */
void generation_files_thin(const struct layout *l, long current);

#endif
