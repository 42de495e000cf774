/*
 * error_response - a registry's response that is no answer: JSON errors (distribution-spec, "Error
 * Codes"), or what a proxy in front of it says. Why it is none, in one printable line, and what
 * may help.
 */
#ifndef OCI_REGISTRY_ERROR_RESPONSE_H
#define OCI_REGISTRY_ERROR_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/base/err.h"
#include "oci/base/span.h"

struct http_call;
struct http_status;

enum error_response_remedy {
	ERROR_RESPONSE_FINAL,       /* asking again does not help */
	ERROR_RESPONSE_RETRY,       /* another try, `after` nanoseconds from now, or -1: not said */
	ERROR_RESPONSE_AWAIT_QUOTA, /* the quota is used up; `after` as above */
	ERROR_RESPONSE_LEAVE_HOST,  /* not in this run: the host says `after`, which is too long */
};

struct error_response {
	struct err err;                   /* as of error_response_read() */
	bool is_page;                     /* a web page, which no registry sends */
	const struct http_status *status; /* how often to try, and how the throttle counts it */
	enum error_response_remedy remedy;
	int64_t after;
};

/* Judges the response of a call by status, headers and body. */
void error_response_judge(struct error_response *e, const struct http_call *c, struct span body);

/* *err from status and body, and -1: NOTFOUND, AUTH, LIMIT, NET or INVALID; sys is the status. The
 * body may be anything; a short printable piece of it is quoted, without any word long enough to
 * be a secret. */
int error_response_read(long status, struct span body, struct span content_type, struct err *err);

/* Whether the body of a 429 speaks of a quota (Docker Hub's "pull rate limit") and not of requests
 * that are too fast. */
bool error_response_is_quota(struct span body);

/* INVALID when a success is a web page: it comes from a captive portal or a proxy, never from a
 * registry. */
int error_response_check_page(struct span content_type, struct err *err);

#endif
