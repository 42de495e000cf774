/*
 * base64 - bytes as text, RFC 4648, 4.
 */
#ifndef OCI_BASE_BASE64_H
#define OCI_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct buf;

/* Appends the text, with padding. */
bool base64_encode(struct buf *out, const void *p, size_t n);

/* Appends the bytes. Padding may be missing, since several programs omit it. False when anything
 * else is wrong, or past out's ceiling: out then holds a part. */
bool base64_decode(struct buf *out, struct span text);

#endif
