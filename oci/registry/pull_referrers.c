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
#include "oci/registry/reply.h"
#include "oci/registry/request.h"

struct listing {
	struct request request; /* first */
	registry_referrers_done *done;
	void *arg;
	struct ref ref;
	struct digest subject;
	bool fallback;     /* the index under the tag is asked for */
	unsigned requests; /* spent on the API before that */
	size_t endpoint;   /* whose pages these are */
	struct buf page;
	struct digest *found;
	size_t n, cap;
	struct pages pages;
};

static enum request_end prepare(struct request *a, struct err *err)
{
	struct listing *l = (struct listing *)a;

	(void)err;
	buf_clear(&l->page);
	if (a->at != l->endpoint) {
		pages_release(&l->pages);
		l->n = 0;
		a->page = NULL;
		l->endpoint = a->at;
	}
	return REQUEST_AGAIN;
}

static int begin(struct request *a, struct err *err)
{
	return error_response_check_page(request_header(a, "Content-Type"), err);
}

static int data(struct request *a, const char *p, size_t n, struct err *err)
{
	struct listing *l = (struct listing *)a;

	if (!buf_add(&l->page, p, n))
		return err_set(err, ERR_INVALID, 0,
			       "a page of the referrers is larger than %lu MiB",
			       LIMIT_MANIFEST / MIB);
	return 0;
}

static int read_page(struct listing *l, struct err *err)
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

static enum request_end end(struct request *a, struct err *err)
{
	struct listing *l = (struct listing *)a;

	if (read_page(l, err) < 0)
		return REQUEST_FAILED;
	return l->fallback ? REQUEST_DONE : pages_next(&l->pages, a, err);
}

static void start(struct upstream *up, struct listing *l);

static void done(struct request *a, const struct err *err)
{
	struct listing *l = (struct listing *)a;
	bool missing = err && err->kind == ERR_NOTFOUND;
	struct upstream *up = a->up;
	struct registry_referrers found = { .err = missing ? NULL : err,
					    .digests = l->found,
					    .n = l->n };

	l->requests += a->requests;
	request_release(a);
	if (missing && !l->fallback) {
		l->fallback = true;
		l->n = 0;
		start(up, l);
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

static const struct request_verb verb = {
	.prepare = prepare,
	.begin = begin,
	.data = data,
	.end = end,
	.done = done,
};

static void start(struct upstream *up, struct listing *l)
{
	char tag[DIGEST_MAX + 1];

	digest_name(&l->subject, tag);
	l->request =
		(struct request){ .verb = &verb, .method = HTTP_GET, .name = strlen(l->ref.path) };
	l->request.accept = l->fallback ? media_accept : MEDIA_OCI_INDEX;
	l->request.path = l->fallback ? xasprintf("%s/manifests/%s", l->ref.path, tag)
				      : xasprintf("%s/referrers/%s", l->ref.path, l->subject.str);
	reply_expect(&l->request);
	request_queue(up, &l->request);
}

void pull_referrers(struct upstream *up, const struct ref *ref, const struct digest *subject,
		    registry_referrers_done *done_, void *arg)
{
	struct listing *l = xcalloc(1, sizeof(*l));

	ref_copy(&l->ref, ref);
	l->subject = *subject;
	l->done = done_;
	l->arg = arg;
	l->pages.what = "list of referrers";
	buf_init(&l->page, LIMIT_MANIFEST);
	start(up, l);
}
