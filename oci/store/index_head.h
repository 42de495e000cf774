/*
 * index_head - the annotations of an index, read from the first line of its file.
 *
 * An index.json of ours has everything but its entries on its first line, and so have the files of
 * .mirror/generations: number, label and maker of a generation cost one line, however many entries
 * it has. A file of another shape is read whole.
 *
 * The annotation .requires names, with blanks between them, what a reader must understand to use
 * the index. A program refuses an index that requires a word which is not in its table.
 */
#ifndef OCI_STORE_INDEX_HEAD_H
#define OCI_STORE_INDEX_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/base/span.h"

struct err;
struct index;

/* Reads the annotations of the index in that file: x has no entries. NOTFOUND without a file. */
int index_head_read(struct index *x, int dir, const char *path, struct err *err);

/* The same from a file that is open at its beginning. False when it has no first line of our shape,
 * or one that cannot be read. *length gets the bytes of the line with its end. */
bool index_head_read_open(struct index *x, int fd, int64_t *length);

/* Whether a line is the first one of an index of ours. */
bool index_head_is_ours(struct span line);

/* INVALID when x requires what this program does not know; the message names the word. */
int index_head_check(const struct index *x, struct err *err);
/* The words that `entries` and the annotations of x make necessary; the caller frees them. NULL:
 * none. */
char *index_head_requires(const struct index *x);

#endif
