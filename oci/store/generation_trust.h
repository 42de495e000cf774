/*
 * generation_trust - may a writer go on from this index.json? (private)
 *
 * What lies there must be the newest generation. An older index.json, put back by a person or with
 * a backup, looks like it but for its surroundings: generations that were published after it, lines
 * of the journal about them, or a generation file with its number and another .previous. A file of
 * the next generation alone may be what a writer left that was killed; its mode says so, and its
 * .previous is the digest of index.json.
 */
#ifndef OCI_STORE_GENERATION_TRUST_H
#define OCI_STORE_GENERATION_TRUST_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct generation_files;
struct index;
struct layout;

/* x was read from index.json. INVALID, with what to do, when it is not the newest generation. */
int generation_trust_check(const struct layout *l, const struct generation_files *kept,
			   const struct index *x, struct err *err);

/* INVALID: "INDEX `what`; nothing was changed", and which generation to copy over it. Offers only
 * one that was published. */
int generation_trust_refuse(const struct layout *l, const struct generation_files *kept,
			    const char *what, struct err *err);

/* The largest number that this mirror has ever given: of its generations, journal and index. */
int generation_trust_last(const struct layout *l, const struct index *x, long *number,
			  struct err *err);

#endif
