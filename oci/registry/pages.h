/*
 * pages - an answer in pages, each of which names the next in a Link header (RFC 8288;
 * distribution-spec, "Listing Tags" and "Listing Referrers").
 *
 * A Link names the next page of the same list: the host and the path of the page before, with
 * another query. A Link to another repository, or to another kind of list, is refused: what is
 * there would count as this repository's, and would be asked for with this one's credentials. The
 * next page of a list that was redirected to another origin is asked for there, as the redirect
 * was: without the registry's credentials.
 */
#ifndef OCI_REGISTRY_PAGES_H
#define OCI_REGISTRY_PAGES_H

#include "oci/base/strvec.h"
#include "oci/registry/request.h"

struct pages {
	const char *what;   /* for messages: "tag list" */
	size_t max;         /* more pages than these are a failure */
	struct strvec urls; /* of the pages so far, but the first */
};

void pages_release(struct pages *p);

/* After a page has been read: REQUEST_DONE when it was the last; REQUEST_AGAIN when r->page_url
 * has been set to the next; REQUEST_FAILED when the next is at another host, is of another list or
 * was read before, or when there are too many. */
enum request_result pages_next(struct pages *p, struct request *r, struct err *err);

#endif
