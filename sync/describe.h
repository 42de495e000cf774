/*
 * describe - what became of an image, as people are told: on a terminal, in a page, in a test report.
 */
#ifndef SYNC_DESCRIBE_H
#define SYNC_DESCRIBE_H

#include <stdbool.h>

#include "oci/image/digest.h"

struct buf;
struct listing;
struct outcome;
struct target;

/* "updated"; also "incomplete", "stale" and "not reached", which are no states of their own. Of a dry run, what
 * would be done: "update", "add". */
const char *describe_state(const struct target *t, bool dry_run);

/* Appends, to what is said already, "12.3 MB to fetch", with --sizes. */
void describe_size(struct buf *out, const struct outcome *o, const struct target *t);

/* Appends, to what is said already, why, and all that there is beside its digests: "kept as 3.19.20261120"; or nothing. */
void describe_details(struct buf *out, const struct target *t);

/* Appends what a line's tag options came to when no tag matches; or nothing. */
void describe_listing(struct buf *out, const struct listing *l);

/* "sha256:58b8c2e1f0a3" is short enough for a line and long enough to be told apart. "nothing" for no digest. */
#define DESCRIBE_DIGEST 20
void describe_digest(const struct digest *d, char out[static DESCRIBE_DIGEST]);

#endif
