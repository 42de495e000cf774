/*
 * glob - the one pattern language of lists, mirror.conf and command lines: "*" any run of
 * characters ("/" too), "?" one character, everything else itself; and regular expressions (PCRE2)
 * for match=.
 *
 * Patterns come from pull requests. glob_match costs at most pattern times text, whatever the
 * pattern, and no memory; a regular expression has match, depth and heap limits.
 */
#ifndef OCI_IMAGE_GLOB_H
#define OCI_IMAGE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct err;
struct ref;

bool glob_match(struct span pattern, struct span text);
bool glob_has_wildcard(struct span pattern);

/* Whether any of a comma-separated list of patterns matches. */
bool glob_match_any(struct span patterns, struct span text);

/*
 * A PATTERN over references: split like a reference at the last ":" after the last "/", name and
 * tag matched separately (no tag part: every tag, and every digest). The part behind "@" is matched
 * with the digest. A name without a wildcard is normalised first, as a reference is: "alpine:3.*"
 * means docker.io/library/alpine. A tag part never matches a target without a tag.
 */
bool glob_match_ref(struct span pattern, const struct ref *target);
/* Matches the name part alone: whether the pattern may match some tag or digest of the target's
 * repository. */
bool glob_match_name(struct span pattern, const struct ref *target);
/* Whether it is well-formed. USAGE, naming what is wrong. */
int glob_check_ref(struct span pattern, struct err *err);

/* A regular expression, anchored at both ends. The caller frees it. USAGE when it is not valid; *at
 * (may be NULL) gets the offset of the error. */
struct regex;
struct regex *regex_new(struct span pattern, size_t *at, struct err *err);
void regex_free(struct regex *re);
/* 1, 0, or -1 with LIMIT when the text costs more than the limits allow. */
int regex_match(const struct regex *re, struct span text, struct err *err);

#endif
