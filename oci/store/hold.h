/*
 * hold - an operator's freeze: an annotation that keeps a tag where it is until it is released.
 *
 * Pure functions on an entry in memory.
 *
 * A hold is the annotation dev.ocimirror.held, a JSON object:
 *
 *	{"mode":"frozen","reason":"...","who":"...","since":"..."}
 *
 * A hold that cannot be read counts as frozen: a damaged annotation must not release a tag.
 *
 * Version 0.1 also wrote the mode "blocked", which kept a tag from some digests (`digest` and
 * `also`), and noted those in holds of mode "frozen". They are marks now (oci/store/marks.h): a
 * blocked hold freezes nothing, and the first writer carries its digests over.
 */
#ifndef OCI_STORE_HOLD_H
#define OCI_STORE_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "oci/image/digest.h"

struct entry;

/* Why a tag is held, by whom, and since when (RFC 3339); "" where nothing is known. */
struct hold_words {
	char *reason, *who, *since;
};

bool hold_is_frozen(const struct entry *e);
/* The words of a hold, also of a blocked one; hold_release_words() frees them. */
void hold_read_words(const struct entry *e, struct hold_words *words);
void hold_release_words(struct hold_words *words);

void hold_freeze(struct entry *e, const char *reason, const char *who, time_t since);
void hold_release(struct entry *e);

/* The digests that version 0.1 noted in a hold; gives how many. The caller frees *v. */
size_t hold_old_digests(const struct entry *e, struct digest **v);
/* Takes them off: what is left is a freeze, or no hold. */
void hold_carry_over(struct entry *e);

#endif
