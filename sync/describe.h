/*
 * describe - the outcome of an image in words: for a terminal, a Markdown page, a JUnit report.
 */
#ifndef SYNC_DESCRIBE_H
#define SYNC_DESCRIBE_H

#include <stdbool.h>

#include "oci/image/digest.h"
#include "sync/referrer_kind.h"

struct buf;
struct listing;
struct outcome;
struct target;

/* The word for its state: "updated", in a dry run "update". "incomplete" and "stale" take the place
 * of a state. */
const char *describe_state(const struct target *t, bool dry_run);

/* With --sizes, appends "12.3 MB to fetch" to the text in `out`. */
void describe_size(struct buf *out, const struct outcome *o, const struct target *t);

/* Appends "3 signatures, 1 SBOM": the referrers that came, or nothing. */
void describe_referrers(struct buf *out, const size_t came[static REFERRER_KINDS]);

/* Appends the referrers that came, the snapshot ("kept as 3.19.20261120"), the error, upstream's
 * digest of a held target, what waits, the warnings about referrers, and the age of a stale one, as
 * far as there are any. */
void describe_details(struct buf *out, const struct outcome *o, const struct target *t);

/* Appends what newest= on the listing's line leaves out, some of each kind; or nothing. */
void describe_listing(struct buf *out, const struct listing *l);

/* A digest's first 19 characters, "sha256:58b8c2e1f0a3"; "nothing" for no digest. */
#define DESCRIBE_DIGEST 20
void describe_digest(const struct digest *d, char out[static DESCRIBE_DIGEST]);

/* What has left the lists; nothing when nothing has. */
void describe_unlisted(struct buf *out, const struct outcome *o);

#endif
