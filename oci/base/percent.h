/*
 * percent - percent-encoding and its inverse (RFC 3986, 2.1).
 */
#ifndef OCI_BASE_PERCENT_H
#define OCI_BASE_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct buf;

/* Appends s. Every byte becomes %XX but the unreserved ones (RFC 3986, 2.3: letters, digits, "-",
 * ".", "_", "~") and those in `also`. A blank becomes %20, which form decoders read as well as "+".
 * False past out's ceiling, as of the functions of oci/base/buf.h. */
bool percent_encode(struct buf *out, struct span s, const char *also);

/* Appends one byte as %XX: for callers that choose by themselves what is escaped. */
bool percent_encode_byte(struct buf *out, char c);

/* Decodes s into `out`, which has at least s.n bytes and may be s.p itself; *n gets the number of
 * bytes written, and no NUL follows them. False when a "%" is not followed by two hexadecimal
 * digits, or escapes a NUL. */
bool percent_decode(char *out, struct span s, size_t *n);

#endif
