/*
 * generation_bytes - the bytes of the next index.json, and the table that it names.
 */
#ifndef OCI_STORE_GENERATION_BYTES_H
#define OCI_STORE_GENERATION_BYTES_H

struct buf;
struct err;
struct index;
struct layout;

/*
 * Appends the bytes of x to out, and writes its table (served_file.h), which x names afterwards.
 * Without room for a table, or where it fails otherwise, x names none, and mirror-serve reads the
 * index as a whole: *no_table (may be NULL) says why then. LIMIT when x has become too large.
 */
int generation_bytes_make(const struct layout *l, struct index *x, struct buf *out,
			  struct err *no_table, struct err *err);

#endif
