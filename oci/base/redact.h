/*
 * redact - a stranger's text, fit for a message: one short line with nothing secret in it.
 *
 * What a server or a helper said wrongly is worth quoting, but it may echo what it was given. Words that look
 * like tokens (long, with digits or capitals in the middle) and the known secret become "...".
 */
#ifndef OCI_BASE_REDACT_H
#define OCI_BASE_REDACT_H

#include <stddef.h>

#include "oci/base/span.h"

enum { REDACT_MAX = 161 };

/* The start of text, blanks and control characters squeezed to single blanks, in `out`. secret may be NULL. */
void redact(char out[static REDACT_MAX], struct span text, const char *secret);

#endif
