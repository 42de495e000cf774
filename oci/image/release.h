/*
 * release - a tag as people read it: which release of a project it names.
 *
 *	tag         = ["v"] numbers [pre-release] *revision [variant] *revision
 *	numbers     = number *("." number)          any number of them; missing ones are 0
 *	pre-release = a whole word of the table in release.c, with or without a separator in front:
 *	              "-rc.1", "rc1", ".Beta2", "-SNAPSHOT"; "a1" and "b2" behind a dotted number;
 *	              "dev" only with a number
 *	revision    = "-rN", "-lsN", "-bN"; "-N" and "_N" (N may have dots) behind the numbers;
 *	              elsewhere "-N" with six or more digits (a date); a build's hash, which has no
 *	              order
 *	variant     = all the rest, letter for letter: "-alpine", "-slim-bookworm", "-debian-12"
 *
 * "v" is no part of the meaning: "v3.2.3" and "3.2.3" are spellings of one version. A variant is
 * set off by a separator, or follows at least two numbers ("10.10.3ubu2404"): else "7a3f9c2", the
 * beginning of a commit, would be version 7.
 *
 * A release borrows the bytes of its tag. Nothing here fails or allocates.
 */
#ifndef OCI_IMAGE_RELEASE_H
#define OCI_IMAGE_RELEASE_H

#include <stdbool.h>

#include "oci/base/span.h"

#define RELEASE_REVISIONS 4

struct release {
	struct span numbers; /* "3.20.1" */
	int stage;           /* RELEASE_FINAL, or that of its pre-release word */
	struct span word;    /* "rc", as it is written; empty when final */
	struct span word_n;  /* "1" of "-rc.1"; empty when it has none */
	struct span revision[RELEASE_REVISIONS];
	int nrevisions;
	struct span variant; /* with its separator; empty for the plain image */
};

/* Behind every pre-release. */
#define RELEASE_FINAL 1000

/* Whether a tag names a version. */
bool release_parse(struct release *r, struct span tag);

/* The order of versions: numbers, then pre-release. Revisions and variants do not matter. */
int release_cmp(const struct release *a, const struct release *b);
/* The order within a version: one without a revision comes first. */
int release_cmp_revision(const struct release *a, const struct release *b);

/* How many numbers it has, and the first `n` of them as they are written. */
int release_count(const struct release *r);
struct span release_prefix(const struct release *r, int n);

/* Whether its first number has six or more digits: a date, or a hash of digits alone. */
bool release_is_dated(const struct release *r);

/* Whether `text`, a glob or a regular expression, spells the pre-release word of r: it has that
 * word as a run of letters, not inside "[...]" and not behind a backslash. */
bool release_is_spelt(const struct release *r, struct span text);

#endif
