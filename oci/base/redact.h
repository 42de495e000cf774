/*
 * redact - text of a server or a program, made fit for a message: one short line without secrets.
 *
 * An unexpected answer of a server or a credential helper is worth quoting, but it may echo the
 * credentials it was given. Words that look like tokens (long, with digits or capitals in the
 * middle) and the known secret become "...".
 */
#ifndef OCI_BASE_REDACT_H
#define OCI_BASE_REDACT_H

#include <stddef.h>

#include "oci/base/span.h"

enum { REDACT_MAX = 161 };

/* Writes the start of text to `out`. Runs of blanks and control characters become one blank. secret
 * may be NULL. */
void redact(char out[static REDACT_MAX], struct span text, const char *secret);

#endif
