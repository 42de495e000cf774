/*
 * fetch_check - what a descriptor says of a manifest, against the limits and against the manifest.
 */
#ifndef SYNC_FETCH_CHECK_H
#define SYNC_FETCH_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/image/media_type.h"

struct descriptor;
struct digest;
struct err;
struct layout;
struct manifest;

/* An index may list children that are no manifests (image-spec, image-index.md, lists media types
 * that "implementations ... MUST support"; others are legal). Such a child is fetched like a
 * blob. */
bool fetch_check_is_manifest(const struct descriptor *d);

/* Puts "blob sha256:..." in front of an error that does not name the digest yet. */
void fetch_check_name(struct err *err, const char *kind, const struct digest *d);

/* Whether a child may be followed; INVALID when it is too large, or nested too deep. */
int fetch_check_child(const struct descriptor *d, int depth, struct err *err);

/* What the descriptor of a manifest said of it. */
struct fetch_promise {
	const struct digest *digest;
	int64_t size;              /* -1: nothing */
	enum media_type_kind kind; /* MEDIA_OTHER: nothing */
};

/* Descriptor and manifest must agree on the size and the kind, since some clients read the one,
 * some the other: INVALID when they do not. `size` is the manifest's. */
int fetch_check_promise(const struct fetch_promise *p, const struct manifest *m, size_t size,
			struct err *err);

/* Images that share a blob may declare different sizes: INVALID when the store's file has not this
 * one (-1: nothing is declared). */
int fetch_check_blob(const struct layout *l, const struct digest *d, int64_t size, struct err *err);

/* An image that gives one digest two sizes is INVALID; -1: nothing was said before. */
int fetch_check_size(const struct digest *d, int64_t size, int64_t other, struct err *err);

#endif
