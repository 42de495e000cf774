/*
 * descriptor - a descriptor: media type, digest and size of content (OCI image-spec,
 * descriptor.md).
 */
#ifndef OCI_IMAGE_DESCRIPTOR_H
#define OCI_IMAGE_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/base/json.h"
#include "oci/image/digest.h"
#include "oci/image/platform.h"

struct err;

/* All pointers are lent by the JSON it was read from. */
struct descriptor {
	const char *media_type; /* "" when the document has none */
	struct digest digest;
	int64_t size;              /* bytes, 0 or more */
	const char *artifact_type; /* or NULL */
	const char *data; /* base64 of the content itself, or NULL; trusted only when it matches */
	const json_t *urls; /* addresses outside the registry (non-distributable layers), or NULL */
	bool has_platform;
	struct platform platform;
	const json_t *annotations; /* an object, or NULL */
};

/* INVALID when digest or size are missing, malformed, or beyond LIMIT_BLOB. */
int descriptor_read(struct descriptor *d, const json_t *from, struct err *err);

/* The value of an annotation, or NULL. */
const char *descriptor_annotation(const struct descriptor *d, const char *key);

/* The http and https URLs among `urls`, separated by blanks, at most LIMIT_LAYER_URLS; the caller
 * frees the text. NULL: none. */
char *descriptor_urls(const struct descriptor *d);

/* Decodes `data`. Gives the bytes, which the caller frees; NULL when there is none, or it does not
 * match digest and size. */
char *descriptor_data(const struct descriptor *d);

#endif
