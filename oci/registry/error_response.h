/*
 * error_response - what a registry says when it does not give what it was asked for (distribution-spec, "Error
 * Codes"): JSON errors, or whatever stands in front of it, told in one printable line.
 */
#ifndef OCI_REGISTRY_ERROR_RESPONSE_H
#define OCI_REGISTRY_ERROR_RESPONSE_H

#include <stdbool.h>

#include "oci/base/span.h"

struct err;

/* *err from an answer that is no success, and -1: NOTFOUND, AUTH, LIMIT, NET or INVALID by status and error
 * code; sys is the status. The body may be anything; a short printable piece of it is quoted, and
 * nothing in it that is long enough to be a secret. */
int error_response_read(long status, struct span body, struct span content_type, struct err *err);

/* Whether the body of a 429 speaks of a quota (Docker Hub's "pull rate limit") and not of haste. */
bool error_response_is_quota(struct span body);

/* A success that is a web page: a captive portal's or a proxy's, never a registry's. INVALID then. */
int error_response_check_page(struct span content_type, struct err *err);

#endif
