/*
 * describe - the outcome of an image in words: for a terminal, a Markdown page, a JUnit report.
 */
#ifndef SYNC_DESCRIBE_H
#define SYNC_DESCRIBE_H

#include <stdbool.h>

#include "oci/image/digest.h"

struct buf;
struct listing;
struct outcome;
struct target;

/* The word for its state: "updated", in a dry run "update". "incomplete" and "stale" take the place
 * of a state. */
const char *describe_state(const struct target *t, bool dry_run);

/* With --sizes, appends "12.3 MB to fetch" to the text in `out`. */
void describe_size(struct buf *out, const struct outcome *o, const struct target *t);

/* Appends the snapshot ("kept as 3.19.20261120"), the error, upstream's digest of a held target and
 * the age of a stale one, as far as there are any. */
void describe_details(struct buf *out, const struct target *t);

/* Appends a warning when no tag matches the line's tag options; else nothing. */
void describe_listing(struct buf *out, const struct listing *l);

/* A digest's first 19 characters, "sha256:58b8c2e1f0a3"; "nothing" for no digest. */
#define DESCRIBE_DIGEST 20
void describe_digest(const struct digest *d, char out[static DESCRIBE_DIGEST]);

#endif
