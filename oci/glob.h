/*
 * glob - the one pattern language of lists, mirror.conf and command lines: "*" any run of characters
 * ("/" too), "?" one character, everything else itself; and PCRE2 for match=, with limits.
 *
 * Patterns come from pull requests: glob_match is linear in time for any pattern, and a regular
 * expression has match and depth limits and never allocates without bound.
 */
#ifndef OCI_GLOB_H
#define OCI_GLOB_H

#include <stdbool.h>

#include "oci/span.h"

struct err;
struct ref;

bool glob_match(struct span pattern, struct span text);
bool glob_has_wildcard(struct span pattern);

/* Whether any of a comma-separated list of patterns matches. */
bool glob_match_any(struct span patterns, struct span text);

/*
 * A PATTERN over references: split like a reference at the last ":" after the last "/", name and tag
 * matched apart (no tag part: every tag). Without a wildcard it is normalised first, as a reference is;
 * a digest ("name@sha256:...") matches that digest.
 */
bool glob_match_ref(struct span pattern, const struct ref *target);
/* Whether it is well-formed. USAGE or INVALID, naming what is wrong. */
int glob_check_ref(struct span pattern, struct err *err);

/* A regular expression, anchored at both ends. */
struct regex;
struct regex *regex_new(struct span pattern, struct err *err);
void regex_free(struct regex *re);
/* 1, 0, or -1 with LIMIT when the text costs more than the limits allow. */
int regex_match(const struct regex *re, struct span text, struct err *err);

#endif
