/*
 * pages - an answer that comes in pages, each naming the next with Link (RFC 8288; distribution-spec,
 * "Listing Tags" and "Listing Referrers").
 */
#ifndef OCI_REGISTRY_PAGES_H
#define OCI_REGISTRY_PAGES_H

#include "oci/base/strvec.h"
#include "oci/registry/request.h"

struct pages {
	const char *what;   /* for messages: "tag list" */
	struct strvec urls; /* that Link has named */
};

void pages_release(struct pages *p);

/* What to do after a page has been read: REQUEST_DONE without a next one; REQUEST_AGAIN when r->page_url has been set to it;
 * REQUEST_FAILED for one at another host, a circle, or too many. */
enum request_result pages_next(struct pages *p, struct request *r, struct err *err);

#endif
