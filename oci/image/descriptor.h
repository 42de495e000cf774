/*
 * descriptor - a descriptor: media type, digest and size of content (OCI image-spec, descriptor.md).
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
	const json_t
		*urls; /* of a foreign layer: where it is, other than in the registry; or NULL */
	bool has_platform;
	struct platform platform;
	const json_t *annotations; /* an object, or NULL */
};

/* INVALID when digest or size are missing, malformed, or beyond LIMIT_BLOB. */
int descriptor_read(struct descriptor *d, const json_t *from, struct err *err);

/* The value of an annotation, or NULL. */
const char *descriptor_annotation(const struct descriptor *d, const char *key);

/* The http and https URLs among `urls`, parted by blanks, LIMIT_LAYER_URLS at most; the caller frees them. NULL: none. */
char *descriptor_urls(const struct descriptor *d);

/* Decodes `data` when it is there and is the content that digest and size name; gives the bytes (the
 * caller frees them) or NULL. */
char *descriptor_data(const struct descriptor *d);

#endif
