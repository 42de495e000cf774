/*
 * fetch_tally - how much one image is made of, counted before it is asked for.
 *
 * A few bytes of an index can name thousands of manifests, and each of these thousands more. So
 * what a descriptor says counts when the descriptor is met, and an image that passes a ceiling
 * (LIMIT_IMAGE_... of oci/base/limits.h) is refused by name.
 */
#ifndef SYNC_FETCH_TALLY_H
#define SYNC_FETCH_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct err;

/* All 0 at first. */
struct fetch_tally {
	size_t manifests, blobs;
	uint64_t manifest_bytes;
};

/* Counts one more. INVALID when the image has too many; `size` is negative when it is not known
 * yet, and counted by fetch_tally_size() when it is. */
int fetch_tally_manifest(struct fetch_tally *t, int64_t size, struct err *err);
int fetch_tally_size(struct fetch_tally *t, int64_t size, struct err *err);
int fetch_tally_blob(struct fetch_tally *t, struct err *err);

#endif
