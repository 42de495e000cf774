#include "oci/registry/pull_referrers.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/base/own.h"
#include "oci/image/desc.h"
#include "oci/image/media.h"
#include "oci/registry/ask.h"
#include "oci/registry/pages.h"
#include "oci/registry/refusal.h"
#include "oci/registry/reply.h"

struct listing {
	struct ask ask; /* first */
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

static enum ask_end prepare(struct ask *a, struct err *err)
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
	return ASK_AGAIN;
}

static int begin(struct ask *a, struct err *err)
{
	return refusal_check_page(ask_header(a, "Content-Type"), err);
}

static int data(struct ask *a, const char *p, size_t n, struct err *err)
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
	own_json json_t *doc = json_read(buf_span(&l->page), err);
	const json_t *manifests = json_get_array(doc, "manifests"), *item;
	struct desc d;
	size_t i;

	if (!doc)
		return err_wrap(err, "referrers");
	if (!json_has_array(doc, "manifests"))
		return err_set(err, ERR_INVALID, 0, "the answer has no list of referrers in it");
	json_array_foreach(manifests, i, item)
	{
		if (desc_read(&d, item, err) < 0)
			return err_wrap(err, "referrers");
		if (l->n == LIMIT_DESCRIPTORS)
			return err_set(err, ERR_INVALID, 0, "more than %d referrers",
				       LIMIT_DESCRIPTORS);
		l->found = xgrow(l->found, l->n, &l->cap, sizeof(*l->found));
		l->found[l->n++] = d.digest;
	}
	return 0;
}

static enum ask_end end(struct ask *a, struct err *err)
{
	struct listing *l = (struct listing *)a;

	if (read_page(l, err) < 0)
		return ASK_FAILED;
	return l->fallback ? ASK_DONE : pages_next(&l->pages, a, err);
}

static void start(struct upstream *up, struct listing *l);

static void done(struct ask *a, const struct err *err)
{
	struct listing *l = (struct listing *)a;
	bool missing = err && err->kind == ERR_NOTFOUND;
	struct upstream *up = a->up;
	struct registry_referrers found = { .err = missing ? NULL : err,
					    .digests = l->found,
					    .n = l->n };

	l->requests += a->requests;
	ask_release(a);
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

static const struct ask_verb verb = {
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
	l->ask = (struct ask){ .verb = &verb, .method = HTTP_GET, .name = strlen(l->ref.path) };
	l->ask.accept = l->fallback ? media_accept : MEDIA_OCI_INDEX;
	l->ask.path = l->fallback ? xasprintf("%s/manifests/%s", l->ref.path, tag)
				  : xasprintf("%s/referrers/%s", l->ref.path, l->subject.str);
	reply_expect(&l->ask);
	ask_queue(up, &l->ask);
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
