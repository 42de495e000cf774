/*
 * suggest - the known words that a misspelt word resembles.
 */
#ifndef OCI_BASE_SUGGEST_H
#define OCI_BASE_SUGGEST_H

#include "oci/base/span.h"

/* The most similar of `known` (NULL-ended), or NULL when none is similar. Words are similar when
 * they differ by at most two edits (one for words of 3 to 5 letters, none for shorter ones). An
 * edit is a letter inserted, left out or replaced, or two neighbours swapped; case makes no
 * difference. */
const char *suggest_word(struct span word, const char *const *known);

/* The same for up to `max` of the `n` words in `known`: the most similar first, equally similar
 * ones in the order of `known`. `out` gets the words, lent. Gives their number. */
size_t suggest_words(struct span word, const char *const *known, size_t n, const char **out,
		     size_t max);

#endif
