/*
 * request_types - what a request is, and what a verb tells it: the types of oci/registry/request.h,
 * for the modules that a request is made of.
 */
#ifndef OCI_REGISTRY_REQUEST_TYPES_H
#define OCI_REGISTRY_REQUEST_TYPES_H

#include "oci/auth/auth.h"
#include "oci/base/buf.h"
#include "oci/base/err.h"
#include "oci/http/http.h"
#include "oci/http/pace.h"
#include "oci/registry/request_queue.h"
#include "oci/registry/response.h"
#include "oci/registry/upstream.h"

struct request;

enum request_result {
	REQUEST_FAILED = -1, /* *err says why; of kind NET: another try may succeed */
	REQUEST_DONE,        /* everything is there */
	REQUEST_AGAIN,       /* send it (again) */
	REQUEST_WAIT,        /* the result comes later, with http_wake() */
};

struct request_verb {
	/* Before each sending: gets ready to take an answer from its beginning, or from r->from.
	 * REQUEST_AGAIN: send it. REQUEST_DONE: nothing is missing, so nothing is sent and
	 * finish_answer() is called. */
	enum request_result (*prepare_answer)(struct request *r, struct err *err);
	/* Status (200 or 206) and headers of an answer have come; -1 refuses it, with kind NET for
	 * another try. */
	int (*take_headers)(struct request *r, struct err *err);
	/* Bytes of its body have come. */
	int (*take_body)(struct request *r, const char *p, size_t n, struct err *err);
	/* The answer is whole. REQUEST_AGAIN: the verb has changed path, page or method, and asks
	 * for more. REQUEST_WAIT: it is being checked; this is called again in each turn of the
	 * loop. */
	enum request_result (*finish_answer)(struct request *r, struct err *err);
	/* Whether the body so far is all of it, as its digest, its size or its grammar says: then
	 * the end of the answer is not waited for. */
	bool (*is_complete)(const struct request *r);
	/* The registry refused the request: true when the verb has changed it (a method that is
	 * unknown, a part that is not there) so that it is sent again at once. May be NULL. */
	bool (*change_after_refusal)(struct request *r);
	/* What another host says to which the registry redirects is the answer: that host is no
	 * storage, whose refusals may pass. */
	bool is_answered_elsewhere;
	/* Until an answer is whole (oci/base/limits.h); 0: a blob, which must keep up a pace. */
	long seconds;
	/* The end, with err NULL on success; frees the request's owner. */
	void (*report_outcome)(struct request *r, const struct err *err);
};

struct request {
	struct queued queued; /* first; queued.pull is the verb's */

	/* by the verb */
	const struct request_verb *verb;
	enum http_method method;
	char *path;                 /* owned: behind the base, "library/alpine/manifests/3.19" */
	size_t name_length;         /* of the repository's name, with which path begins */
	const char *page_url;       /* a whole URL in the place of path, lent; or NULL */
	bool page_elsewhere;        /* it is where the registry redirected to: asked anonymously */
	const char *accept;         /* or NULL */
	int64_t from;               /* > 0: only the bytes from there on */
	struct time_budget *budget; /* charged with all attempts, lent; or NULL */

	/* by this module, to be read by the verb */
	struct upstream *up;
	size_t endpoint_index; /* in up->endpoints */
	unsigned requests;     /* sent to the registry, retries included */
	uint64_t bytes;        /* of bodies that the verb took */
	struct http_call call;
	char encoding[RESPONSE_ENCODING]; /* of the answer, as its header claims; "" when none */

	/* by this module alone */
	bool is_answer;        /* the response is for the verb; otherwise it is an error */
	bool is_page;          /* it is an error, and a web page */
	struct buf error_body; /* of a response that is an error */
	char *url;             /* under way */
	unsigned hops;         /* redirects followed */
	bool cross_origin; /* redirected to another origin: without the registry's credentials */
	struct auth_repo *repo; /* whose authorization is sent, at the origin of url; or NULL */
	struct auth_try auth;
	unsigned tries;   /* failures since the last progress */
	struct pace pace; /* of a blob at this endpoint, over all tries */
	struct flow_reader reader;
	int64_t sent_at;
	unsigned round; /* of the throttle when it was sent */
};

#endif
