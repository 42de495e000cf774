#include "oci/registry/pull_referrers.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/json_stream.h"
#include "oci/base/limits.h"
#include "oci/image/media_type.h"
#include "oci/registry/error_response.h"
#include "oci/registry/pages.h"
#include "oci/registry/referrer_list.h"
#include "oci/registry/referrers_api.h"
#include "oci/registry/request.h"

struct referrers_pull {
	struct request request; /* first */
	registry_referrers_done *done;
	void *arg;
	char *repository;
	size_t endpoint; /* that the pages so far came from */
	bool is_sent;    /* to that endpoint, which is not known to have no API */
	bool is_no_list; /* its answer, with status 200, is something else */
	bool no_api;     /* at the last endpoint that was asked */
	struct buf page;
	struct referrer_list found;
	struct pages pages;
};

/* The request has failed at the endpoint that it was sent to, in its first page: perhaps there is
 * no API. */
static void learn_absence(struct referrers_pull *l)
{
	struct request *r = &l->request;
	long status = l->is_no_list ? 200 : r->call.status;

	if (!l->is_sent || r->page_url || (!l->is_no_list && !referrers_api_is_absence(status)))
		return;
	l->no_api = true;
	referrers_api_forget(&r->up->endpoints[l->endpoint], l->repository, status);
}

static enum request_result prepare_referrers(struct request *r, struct err *err)
{
	struct referrers_pull *l = (struct referrers_pull *)r;

	buf_clear(&l->page);
	if (r->endpoint_index != l->endpoint) {
		learn_absence(l);
		pages_release(&l->pages);
		referrer_list_release(&l->found);
		r->page_url = NULL;
		l->endpoint = r->endpoint_index;
	}
	l->is_no_list = false;
	l->no_api = referrers_api_is_absent(r->queued.endpoint, l->repository);
	l->is_sent = !l->no_api;
	if (l->is_sent)
		return REQUEST_AGAIN;
	err_set(err, ERR_NOTFOUND, 0, "has no referrers API");
	return REQUEST_FAILED;
}

static int take_referrers_headers(struct request *r, struct err *err)
{
	struct referrers_pull *l = (struct referrers_pull *)r;

	if (error_response_check_page(request_header(r, "Content-Type"), err) == 0)
		return 0;
	l->is_no_list = true;
	return -1;
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

static int pass_over(void *arg, const char *text, struct err *err)
{
	(void)arg, (void)text, (void)err;
	return 0;
}

static bool is_complete_list(const struct request *r)
{
	struct span page = buf_span(&((const struct referrers_pull *)r)->page);
	struct json_stream document;
	struct err ignored;

	json_stream_init(&document, "manifests", pass_over, NULL);
	return json_stream_add(&document, page.p, page.n, &ignored) == 0 &&
	       json_stream_end(&document, &ignored) == 0;
}

static enum request_result finish_referrers(struct request *r, struct err *err)
{
	struct referrers_pull *l = (struct referrers_pull *)r;

	if (referrer_list_add(&l->found, buf_span(&l->page), err) == 0)
		return pages_next(&l->pages, r, err);
	l->is_no_list = err->kind == ERR_NOTFOUND;
	return REQUEST_FAILED;
}

static void report_referrers(struct request *r, const struct err *err)
{
	struct referrers_pull *l = (struct referrers_pull *)r;
	struct registry_referrers found = { .err = err, .requests = r->requests };

	if (err && r->endpoint_index != l->endpoint)
		l->no_api = false;
	else if (err && (err->kind != ERR_NET || r->call.status == 501))
		learn_absence(l);
	if (err && l->no_api) {
		found.err = NULL;
		found.no_api = true;
	} else if (!err) {
		found.rows = l->found.v;
		found.n = l->found.n;
	}
	l->done(l->arg, &found);
	request_release(r);
	pages_release(&l->pages);
	buf_release(&l->page);
	referrer_list_release(&l->found);
	free(l->repository);
	free(l);
}

static const struct request_verb referrers_verb = {
	.prepare_answer = prepare_referrers,
	.take_headers = take_referrers_headers,
	.take_body = take_referrers_body,
	.is_complete = is_complete_list,
	.finish_answer = finish_referrers,
	.is_answered_elsewhere = true,
	.report_outcome = report_referrers,
	.seconds = LIMIT_MANIFEST_SECONDS,
};

void pull_referrers(struct upstream *up, const struct ref *ref, const struct digest *subject,
		    registry_referrers_done *done, void *arg)
{
	struct referrers_pull *l = xcalloc(1, sizeof(*l));

	l->request = (struct request){ .verb = &referrers_verb,
				       .method = HTTP_GET,
				       .accept = MEDIA_OCI_INDEX,
				       .name_length = strlen(ref->path) };
	l->request.path = xasprintf("%s/referrers/%s", ref->path, subject->str);
	l->repository = xstrdup(ref->path);
	l->done = done;
	l->arg = arg;
	l->pages.what = "list of referrers";
	l->pages.max = LIMIT_TAG_PAGES;
	buf_init(&l->page, LIMIT_MANIFEST);
	request_submit(up, &l->request);
}
