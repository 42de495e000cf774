#include "oci/registry/pull_tags.h"

#include "oci/base/cleanup.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/base/strvec.h"
#include "oci/base/table.h"
#include "oci/registry/error_response.h"
#include "oci/registry/pages.h"
#include "oci/registry/reply.h"
#include "oci/registry/request.h"

struct listing {
	struct request request; /* first */
	registry_tags_done *done;
	void *arg;
	size_t endpoint; /* whose pages these are */
	struct buf page;
	struct strvec tags;
	struct table known; /* tags by name */
	struct pages pages;
};

static void forget_tags(struct listing *l)
{
	strvec_release(&l->tags);
	pages_release(&l->pages);
	table_release(&l->known);
}

static enum request_end prepare(struct request *a, struct err *err)
{
	struct listing *l = (struct listing *)a;

	(void)err;
	buf_clear(&l->page);
	if (a->at != l->endpoint) {
		forget_tags(l);
		a->page = NULL;
		l->endpoint = a->at;
	}
	return REQUEST_AGAIN;
}

static int begin(struct request *a, struct err *err)
{
	if (a->call.status != 200)
		return err_set(err, ERR_INVALID, 0, "answered %ld where nothing was asked in part",
			       a->call.status);
	return error_response_check_page(request_header(a, "Content-Type"), err);
}

static int data(struct request *a, const char *p, size_t n, struct err *err)
{
	struct listing *l = (struct listing *)a;

	if (!buf_add(&l->page, p, n))
		return err_set(err, ERR_INVALID, 0, "a page of the tag list is larger than %lu MiB",
			       LIMIT_TAG_PAGE / MIB);
	return 0;
}

static int add_tag(struct listing *l, const char *tag, struct err *err)
{
	const char *known;

	if (!ref_valid_tag(span_str(tag)) || table_get(&l->known, tag))
		return 0;
	if (l->tags.n == LIMIT_TAGS)
		return err_set(err, ERR_INVALID, 0, "more than %d tags", LIMIT_TAGS);
	known = strvec_add(&l->tags, tag);
	table_put(&l->known, known, (void *)known);
	return 0;
}

static int read_page(struct listing *l, struct err *err)
{
	cleanup_json json_t *doc = json_read(buf_span(&l->page), err);
	const json_t *tags, *tag;
	size_t i;

	if (!doc)
		return err_wrap(err, "tag list");
	if (!json_has_array(doc, "tags"))
		return err_set(err, ERR_INVALID, 0, "the answer has no list of tags in it");
	tags = json_get_array(doc, "tags");
	json_array_foreach(tags, i, tag) if (json_is_string(tag) &&
					     add_tag(l, json_string_value(tag), err) < 0) return -1;
	return 0;
}

static enum request_end end(struct request *a, struct err *err)
{
	struct listing *l = (struct listing *)a;

	return read_page(l, err) < 0 ? REQUEST_FAILED : pages_next(&l->pages, a, err);
}

static void done(struct request *a, const struct err *err)
{
	struct listing *l = (struct listing *)a;
	struct registry_tags t = { .err = err, .requests = a->requests };

	if (!err) {
		/* lent to be moved about and dropped, so not the array that frees them */
		t.tags = xcalloc(l->tags.n + 1, sizeof(*t.tags));
		t.n = l->tags.n;
		for (size_t i = 0; i < t.n; i++)
			t.tags[i] = l->tags.v[i];
	}
	l->done(l->arg, &t);
	free(t.tags);
	forget_tags(l);
	buf_release(&l->page);
	request_release(a);
	free(l);
}

static const struct request_verb verb = {
	.prepare = prepare,
	.begin = begin,
	.data = data,
	.end = end,
	.done = done,
};

void pull_tags(struct upstream *up, const struct ref *ref, registry_tags_done *done_, void *arg)
{
	struct listing *l = xcalloc(1, sizeof(*l));

	l->request.verb = &verb;
	l->request.method = HTTP_GET;
	l->request.accept = "application/json";
	l->request.name = strlen(ref->path);
	l->request.path = xasprintf("%s/tags/list?n=1000", ref->path);
	l->done = done_;
	l->arg = arg;
	l->pages.what = "tag list";
	buf_init(&l->page, LIMIT_TAG_PAGE);
	reply_expect(&l->request);
	request_queue(up, &l->request);
}
