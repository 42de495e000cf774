/*
 * web_address - the reference that an address means which was copied from a browser or from another
 * tool: https://hub.docker.com/r/grafana/grafana/tags, docker://alpine:3.20.
 */
#ifndef OCI_LISTS_WEB_ADDRESS_H
#define OCI_LISTS_WEB_ADDRESS_H

#include "oci/base/span.h"

/* The reference, which the caller frees; NULL when text is no such address, or names no image that
 * we know how to read. */
char *web_address_reference(struct span text);

/* What to tell a user who wrote the address in the place of a reference: the reference that it
 * means, or that it is the page of no image. The caller frees it; NULL when text is no address. */
char *web_address_advice(struct span text);

#endif
