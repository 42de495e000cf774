/*
 * fetch_store - the store that images are fetched into, and, when a run only measures, the mirror
 * beside it, which is only read.
 */
#ifndef SYNC_FETCH_STORE_H
#define SYNC_FETCH_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/base/table.h"

struct buf;
struct descriptor;
struct digest;
struct err;
struct layout;

struct fetch_store {
	struct layout *layout; /* is written; lent */
	bool measuring;
	const struct layout *base; /* when measuring, and there is one; lent */
	struct table counted;      /* digests that were, owned */
};

void fetch_store_release(struct fetch_store *s);

/* Whether one of the two has it; size -1 takes any. */
bool fetch_store_has(const struct fetch_store *s, const struct digest *d, int64_t size);

/* Whether a blob need not be fetched. When measuring, one in the store that is written came only to
 * be read, and a sync would still fetch it. */
bool fetch_store_has_blob(const struct fetch_store *s, const struct digest *d, int64_t size);

/* When measuring: false when it was counted before, perhaps for another image. */
bool fetch_store_count(struct fetch_store *s, const struct digest *d);

/* layout_read() from the one that has it. */
int fetch_store_read(const struct fetch_store *s, const struct digest *d, struct buf *out,
		     struct err *err);

/* Stores content that the descriptor itself carries, or that its digest tells: not every registry
 * stores the empty descriptor (image-spec, manifest.md, "Guidance for an Empty Descriptor"). False:
 * it is to be fetched. */
bool fetch_store_put_embedded(const struct fetch_store *s, const struct descriptor *d);

#endif
