/*
 * served_file - .mirror/tables/<digest>: the tables (served.h) that publishers leave for
 * mirror-serve.
 *
 * A publisher makes the table of the next index.json, writes it under the digest of its bytes, and
 * names it in an annotation on the first line of that index.json (ANNOTATION_TABLE), before it
 * writes anything else. A table is derived: without it the index is read as a whole. So that the
 * index can name it, a table is one of the entries, which stand behind the first line: it has their
 * size and digest, and the number of its generation.
 *
 * A file is never written in place. Those of the current and the previous generation stay; the next
 * publisher drops all others, such as one whose publisher was killed.
 */
#ifndef OCI_STORE_SERVED_FILE_H
#define OCI_STORE_SERVED_FILE_H

#include <stdbool.h>

#include "oci/base/span.h"
#include "oci/image/digest.h"

struct err;
struct index;
struct layout;
struct served;

#define SERVED_FILE_DIR ".mirror/tables"

/* Reads the table of that name, the value of the annotation. It is not mapped: a copy program that
 * writes in place (rsync --inplace) may cut or change the file under a reader. NOTFOUND when there
 * is no such file, INVALID when it is no table that this program knows. Its digest is not
 * checked. */
int served_file_open(struct served *s, const struct layout *l, const char *name, struct err *err);
/* Whether its bytes are those of its name. */
bool served_file_is_named(const struct served *s, const char *name);

/* What stands behind the first line of an index.json of ours; false when it has no such line. */
bool served_file_entries(struct span index, struct span *entries);

/* Makes and writes the table of `next`, whose index.json has these bytes, but for the name of the
 * table, which id gets. `before` names the table of the generation before, or is empty. Fails
 * without a trace: also (LIMIT) when the disk would not have room for the rest of a publication
 * afterwards. */
int served_file_make(const struct layout *l, const struct index *next, const char *before,
		     struct span index, struct digest *id, struct err *err);

/* Removes all files but those two (NULL: none). Under the publisher's lock. */
void served_file_drop(const struct layout *l, const char *current, const char *previous);

#endif
