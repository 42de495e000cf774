/*
 * redact - text of a server or a program, made fit for a message: without secrets, printable.
 *
 * An unexpected answer of a server or a credential helper is worth quoting, but it may echo the
 * credentials it was given, or have some of its own (a signed URL). Every text of a stranger that
 * is quoted comes through here. Cut out are
 *
 *	the known secret				...
 *	https://user:password@host			https://host
 *	token=abc, "password":"x", X-Amz-Signature=1f	token=..., "password":"...", ...
 *	Authorization: Basic dXNl, Bearer abc		Authorization: ..., Bearer ...
 *
 * and, in a quote, words that look like tokens: long, with digits or capitals in the middle.
 */
#ifndef OCI_BASE_REDACT_H
#define OCI_BASE_REDACT_H

#include <stddef.h>

#include "oci/base/span.h"

struct buf;

enum { REDACT_MAX = 161 };

/* Writes the start of text to `out`, as one short line: runs of blanks and control characters
 * become one blank, other characters that may not be shown "?". secret may be NULL. */
void redact(char out[static REDACT_MAX], struct span text, const char *secret);

/* Appends all of a text whose long words mean something (digests, commits): credentials are cut
 * out, words that only look like tokens stay, and so do its lines. NULs are left out. */
void redact_credentials(struct buf *out, struct span text, const char *secret);

/* redact_credentials() for a text in its buffer of `size` bytes; cut to fit. */
void redact_in_place(char *text, size_t size, const char *secret);

/* Appends a URL, whole or relative: without userinfo and fragment, and of its query only the names
 * with the values of those that lists and scopes of registries have (n=, last=, scope=). The others
 * may be what a signed URL is signed with. */
void redact_url(struct buf *out, struct span url);

#endif
