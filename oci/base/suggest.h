/*
 * suggest - what a misspelt word was probably meant to be.
 */
#ifndef OCI_BASE_SUGGEST_H
#define OCI_BASE_SUGGEST_H

#include "oci/base/span.h"

/* The nearest of `known` (NULL-ended), or NULL when none is near: two slips in a long word, one in a
 * short one, none in a word of two letters. A swap of neighbours is one slip; upper and lower case are
 * the same. */
const char *suggest_word(struct span word, const char *const *known);

/* Up to `max` of the `n` words in `known` that are near in that sense, the nearest first, those as near as each
 * other in the order of `known`; they are lent. Gives how many. */
size_t suggest_words(struct span word, const char *const *known, size_t n, const char **out,
		     size_t max);

#endif
