#include "oci/registry/pull_tags.h"

#include "oci/base/cleanup.h"
#include "oci/base/json_stream.h"
#include "oci/base/limits.h"
#include "oci/base/strvec.h"
#include "oci/base/table.h"
#include "oci/http/time_budget.h"
#include "oci/registry/error_response.h"
#include "oci/registry/pages.h"
#include "oci/registry/request.h"

struct tags_pull {
	struct request request; /* first */
	registry_tags_done *done;
	void *arg;
	size_t endpoint;         /* that the pages so far came from */
	struct json_stream page; /* the one that is arriving */
	struct strvec tags;
	struct table known; /* tags by name */
	struct pages pages;
	struct time_budget budget; /* for all pages of one endpoint */
};

static void begin_budget(struct tags_pull *l, const struct upstream *up)
{
	long seconds = up->registry->o.net.list_seconds;

	time_budget_init(&l->budget, "the pages of the tag list",
			 seconds > 0 ? seconds : LIMIT_LIST_SECONDS, 0);
	l->request.budget = &l->budget;
}

static void forget_tags(struct tags_pull *l)
{
	strvec_release(&l->tags);
	pages_release(&l->pages);
	table_release(&l->known);
}

static int add_tag(void *arg, const char *tag, struct err *err)
{
	struct tags_pull *l = arg;
	const char *known;

	if (!ref_valid_tag(span_str(tag)) || table_get(&l->known, tag))
		return 0;
	if (l->tags.n == LIMIT_TAGS)
		return err_set(err, ERR_INVALID, 0, "more than %d tags", LIMIT_TAGS);
	known = strvec_add(&l->tags, tag);
	table_put(&l->known, known, (void *)known);
	return 0;
}

static enum request_result prepare_tags(struct request *r, struct err *err)
{
	struct tags_pull *l = (struct tags_pull *)r;

	(void)err;
	json_stream_init(&l->page, "tags", add_tag, l);
	if (r->endpoint_index != l->endpoint) {
		forget_tags(l);
		r->page_url = NULL;
		begin_budget(l, r->up);
		l->endpoint = r->endpoint_index;
	}
	return REQUEST_AGAIN;
}

static int take_tags_headers(struct request *r, struct err *err)
{
	if (r->call.status != 200)
		return err_set(err, ERR_INVALID, 0, "answered %ld where nothing was asked in part",
			       r->call.status);
	return error_response_check_page(request_header(r, "Content-Type"), err);
}

static int take_tags_body(struct request *r, const char *p, size_t n, struct err *err)
{
	struct tags_pull *l = (struct tags_pull *)r;

	if (l->page.at + n > LIMIT_TAG_PAGE)
		return err_set(err, ERR_INVALID, 0, "a page of the tag list is larger than %lu MiB",
			       LIMIT_TAG_PAGE / MIB);
	return json_stream_add(&l->page, p, n, err) < 0 ? err_wrap(err, "tag list") : 0;
}

static bool is_complete_list(const struct request *r)
{
	struct err ignored;

	return json_stream_end(&((const struct tags_pull *)r)->page, &ignored) == 0;
}

static enum request_result finish_tags(struct request *r, struct err *err)
{
	struct tags_pull *l = (struct tags_pull *)r;

	if (json_stream_end(&l->page, err) < 0)
		err_wrap(err, "tag list");
	else if (!l->page.found)
		err_set(err, ERR_INVALID, 0, "the answer has no list of tags in it");
	else
		return pages_next(&l->pages, r, err);
	return REQUEST_FAILED;
}

static void report_tags(struct request *r, const struct err *err)
{
	struct tags_pull *l = (struct tags_pull *)r;
	struct registry_tags t = { .err = err, .requests = r->requests };

	if (!err) {
		/* the callback may change the array, so it is not the one that owns the tags */
		t.tags = xcalloc(l->tags.n + 1, sizeof(*t.tags));
		t.n = l->tags.n;
		for (size_t i = 0; i < t.n; i++)
			t.tags[i] = l->tags.v[i];
	}
	l->done(l->arg, &t);
	free(t.tags);
	forget_tags(l);
	request_release(r);
	free(l);
}

static const struct request_verb tags_verb = {
	.prepare_answer = prepare_tags,
	.take_headers = take_tags_headers,
	.take_body = take_tags_body,
	.is_complete = is_complete_list,
	.finish_answer = finish_tags,
	.report_outcome = report_tags,
	.seconds = LIMIT_PAGE_SECONDS,
};

void pull_tags(struct upstream *up, const struct ref *ref, size_t pages, registry_tags_done *done,
	       void *arg)
{
	struct tags_pull *l = xcalloc(1, sizeof(*l));

	l->request.verb = &tags_verb;
	l->request.method = HTTP_GET;
	l->request.accept = "application/json";
	l->request.name_length = strlen(ref->path);
	l->request.path = xasprintf("%s/tags/list?n=1000", ref->path);
	l->done = done;
	l->arg = arg;
	l->pages.what = "tag list";
	l->pages.max = pages;
	begin_budget(l, up);
	request_submit(up, &l->request);
}
