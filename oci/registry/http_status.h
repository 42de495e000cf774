/*
 * http_status - HTTP statuses of upstreams and their token servers (RFC 9110, 15): one table, a
 * row each.
 *
 * All that depends on a status stands in its row: the words for people, the kind of error, whether
 * another try may succeed, and how the throttle counts it. A new transient status is a new row in
 * http_status.c and nothing else.
 */
#ifndef OCI_REGISTRY_HTTP_STATUS_H
#define OCI_REGISTRY_HTTP_STATUS_H

#include <stdbool.h>

#include "oci/base/err.h"
#include "oci/registry/throttle.h"

enum http_status_class {
	HTTP_STATUS_FINAL,     /* the same request would get the same answer */
	HTTP_STATUS_ANSWER,    /* the body is what was asked for, or a part of it */
	HTTP_STATUS_REDIRECT,  /* Location names where to ask */
	HTTP_STATUS_TRANSIENT, /* another try may succeed */
};

struct http_status {
	long first, last; /* the codes of the row */
	const char *words;
	enum http_status_class class;
	/* of a status that is no answer and no redirect: */
	enum err_kind kind;
	const char *remark; /* appended to the words; or NULL */
	/* of a transient status: */
	enum throttle_fault fault;
	unsigned tries; /* how often a request is sent in all before it fails */
};

/* The row of a status code; any number is fine. */
const struct http_status *http_status_find(long code);

bool http_status_is_transient(long code);

#endif
