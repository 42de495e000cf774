#include "oci/registry/pull_referrers.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/image/descriptor.h"
#include "oci/image/media_type.h"
#include "oci/registry/error_response.h"
#include "oci/registry/pages.h"
#include "oci/registry/request.h"

struct referrers_pull {
	struct request request; /* first */
	registry_referrers_done *done;
	void *arg;
	struct ref ref;
	struct digest subject;
	bool fallback;     /* the index under the fallback tag is asked for */
	unsigned requests; /* for the API, before the fallback */
	size_t endpoint;   /* that the pages so far came from */
	struct buf page;
	struct digest *found;
	size_t n, cap;
	struct pages pages;
};

static enum request_result prepare_referrers(struct request *r, struct err *err)
{
	struct referrers_pull *l = (struct referrers_pull *)r;

	(void)err;
	buf_clear(&l->page);
	if (r->endpoint_index != l->endpoint) {
		pages_release(&l->pages);
		l->n = 0;
		r->page_url = NULL;
		l->endpoint = r->endpoint_index;
	}
	return REQUEST_AGAIN;
}

static int take_referrers_headers(struct request *r, struct err *err)
{
	return error_response_check_page(request_header(r, "Content-Type"), err);
}

static int take_referrers_body(struct request *r, const char *p, size_t n, struct err *err)
{
	struct referrers_pull *l = (struct referrers_pull *)r;

	if (!buf_add(&l->page, p, n))
		return err_set(err, ERR_INVALID, 0,
			       "a page of the referrers is larger than %lu MiB",
			       LIMIT_MANIFEST / MIB);
	return 0;
}

static int read_page(struct referrers_pull *l, struct err *err)
{
	cleanup_json json_t *doc = json_read(buf_span(&l->page), err);
	const json_t *manifests = json_get_array(doc, "manifests"), *item;
	struct descriptor d;
	size_t i;

	if (!doc)
		return err_wrap(err, "referrers");
	if (!json_has_array(doc, "manifests"))
		return err_set(err, ERR_INVALID, 0, "the answer has no list of referrers in it");
	json_array_foreach(manifests, i, item)
	{
		if (descriptor_read(&d, item, err) < 0)
			return err_wrap(err, "referrers");
		if (l->n == LIMIT_DESCRIPTORS)
			return err_set(err, ERR_INVALID, 0, "more than %d referrers",
				       LIMIT_DESCRIPTORS);
		l->found = xgrow(l->found, l->n, &l->cap, sizeof(*l->found));
		l->found[l->n++] = d.digest;
	}
	return 0;
}

static enum request_result finish_referrers(struct request *r, struct err *err)
{
	struct referrers_pull *l = (struct referrers_pull *)r;

	if (read_page(l, err) < 0)
		return REQUEST_FAILED;
	return l->fallback ? REQUEST_DONE : pages_next(&l->pages, r, err);
}

static void submit_referrers(struct upstream *up, struct referrers_pull *l);

static void report_referrers(struct request *r, const struct err *err)
{
	struct referrers_pull *l = (struct referrers_pull *)r;
	bool missing = err && err->kind == ERR_NOTFOUND;
	struct upstream *up = r->up;
	struct registry_referrers found = { .err = missing ? NULL : err,
					    .digests = l->found,
					    .n = l->n };

	l->requests += r->requests;
	request_release(r);
	if (missing && !l->fallback) {
		l->fallback = true;
		l->n = 0;
		submit_referrers(up, l);
		return;
	}
	found.requests = l->requests;
	l->done(l->arg, &found);
	pages_release(&l->pages);
	buf_release(&l->page);
	ref_release(&l->ref);
	free(l->found);
	free(l);
}

static const struct request_verb referrers_verb = {
	.prepare_answer = prepare_referrers,
	.take_headers = take_referrers_headers,
	.take_body = take_referrers_body,
	.finish_answer = finish_referrers,
	.report_outcome = report_referrers,
};

static void submit_referrers(struct upstream *up, struct referrers_pull *l)
{
	char tag[DIGEST_MAX + 1];

	digest_name(&l->subject, tag);
	l->request = (struct request){ .verb = &referrers_verb,
				       .method = HTTP_GET,
				       .name_length = strlen(l->ref.path) };
	l->request.accept = l->fallback ? media_accept : MEDIA_OCI_INDEX;
	l->request.path = l->fallback ? xasprintf("%s/manifests/%s", l->ref.path, tag)
				      : xasprintf("%s/referrers/%s", l->ref.path, l->subject.str);
	request_submit(up, &l->request);
}

void pull_referrers(struct upstream *up, const struct ref *ref, const struct digest *subject,
		    registry_referrers_done *done, void *arg)
{
	struct referrers_pull *l = xcalloc(1, sizeof(*l));

	ref_copy(&l->ref, ref);
	l->subject = *subject;
	l->done = done;
	l->arg = arg;
	l->pages.what = "list of referrers";
	buf_init(&l->page, LIMIT_MANIFEST);
	submit_referrers(up, l);
}
