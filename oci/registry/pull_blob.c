#include "oci/registry/pull_blob.h"

#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/redact.h"
#include "oci/http/header.h"
#include "oci/image/ref.h"
#include "oci/registry/attempt.h"
#include "oci/registry/request.h"
#include "oci/registry/upstream.h"
#include "oci/store/layout.h"

/* After this many bytes the failures of the request and of its host are counted anew. */
#define PROGRESS (1L << 20)

struct blob_pull {
	struct request request; /* first */
	registry_blob_done *done;
	void *arg;
	struct digest digest;
	int64_t size;
	struct layout *into;
	struct layout_blob *blob; /* opened when it is sent: a queued one needs no descriptor */
	int64_t furthest;         /* bytes written at the last progress */
	bool in_parts;            /* its bytes come from several answers */
	bool refetched;           /* it was fetched once more as a whole */
	bool whole_only;          /* never ask for a part again */
	char *urls;               /* of a foreign layer, or NULL */
	struct span urls_left;
	char *url; /* of the request under way */
	const struct endpoint
		*named_by; /* the endpoint that urls are allowed for; NULL: not used yet */
};

static int restart_blob(struct blob_pull *w, struct err *err)
{
	w->in_parts = false;
	return layout_restart(w->blob, err);
}

static enum request_result prepare_blob(struct request *r, struct err *err)
{
	struct blob_pull *w = (struct blob_pull *)r;
	int64_t have = 0;

	if (!w->blob) {
		w->blob = layout_begin(w->into, &w->digest, w->size, &have, err);
		if (!w->blob)
			return REQUEST_FAILED;
		w->in_parts = have > 0;
		w->furthest = have;
	}
	if (w->whole_only && restart_blob(w, err) < 0)
		return REQUEST_FAILED;
	r->from = layout_written(w->blob);
	return r->from == w->size ? REQUEST_DONE : REQUEST_AGAIN;
}

static int check_length(const struct blob_pull *w, int64_t expected, struct err *err)
{
	int64_t length = header_length(request_header(&w->request, "Content-Length"));

	if (length < 0 || length == expected)
		return 0;
	return err_set(err, ERR_INVALID, 0,
		       "answered with %lld bytes of a blob where %lld are missing",
		       (long long)length, (long long)expected);
}

static int take_part_headers(struct blob_pull *w, struct err *err)
{
	struct span range = request_header(&w->request, "Content-Range");
	int64_t first, last, total;
	char shown[REDACT_MAX];

	if (w->request.from && header_content_range(range, &first, &last, &total) &&
	    first == w->request.from && (total < 0 || total == w->size) && last < w->size) {
		w->in_parts = true;
		return check_length(w, last - first + 1, err);
	}
	/* not the missing part: ask for the whole from now on */
	w->whole_only = true;
	redact(shown, range, NULL);
	return err_set(err, ERR_NET, 0, "answered with the wrong part, \"%s\"", shown);
}

static int take_blob_headers(struct request *r, struct err *err)
{
	struct blob_pull *w = (struct blob_pull *)r;

	if (r->call.status == 206)
		return take_part_headers(w, err);
	/* the whole, although a part was asked for */
	if (r->from && restart_blob(w, err) < 0)
		return -1;
	return check_length(w, w->size, err);
}

static int take_blob_body(struct request *r, const char *p, size_t n, struct err *err)
{
	struct blob_pull *w = (struct blob_pull *)r;
	int64_t written;

	if (layout_write(w->blob, p, n, err) < 0)
		return -1;
	written = layout_written(w->blob);
	if (written - w->furthest >= PROGRESS) {
		w->furthest = written;
		attempt_progress(r);
		throttle_answered(attempt_throttle(r));
	}
	return 0;
}

static bool is_complete_blob(const struct request *r)
{
	const struct blob_pull *w = (const struct blob_pull *)r;

	return layout_written(w->blob) == w->size;
}

static enum request_result finish_blob(struct request *r, struct err *err)
{
	struct blob_pull *w = (struct blob_pull *)r;
	int64_t written = layout_written(w->blob);

	if (written < w->size)
		return err_set(err, ERR_NET, 0, "the blob ended after %lld of %lld bytes",
			       (long long)written, (long long)w->size),
		       REQUEST_FAILED;
	if (!layout_ready(w->blob, http_wake, r->up->registry->http))
		return REQUEST_WAIT;
	if (layout_finish(take(w->blob), err) == 0)
		return REQUEST_DONE;
	if (err->kind != ERR_DIGEST || !w->in_parts || w->refetched)
		return REQUEST_FAILED;
	/* the part of an earlier run or another endpoint may have been bad; it has been removed */
	w->refetched = true;
	return REQUEST_AGAIN;
}

/* 416: the blob is smaller than its descriptor says, or our bytes are not its beginning. */
static bool change_blob_request(struct request *r)
{
	struct blob_pull *w = (struct blob_pull *)r;
	bool first = r->call.status == 416 && r->from && !w->whole_only;

	w->whole_only |= first;
	return first;
}

/* Submits the request to the next of its URLs that is allowed. False when there is none; *err
 * changes when a URL was refused. */
static bool submit_to_next_url(struct blob_pull *w, struct err *err)
{
	struct upstream *up = NULL;
	struct span word;

	if ((!w->named_by && err->kind != ERR_NOTFOUND) || w->request.up->registry->stopped)
		return false;
	while (!up && span_cut(&w->urls_left, ' ', &word)) {
		if (!w->named_by)
			w->named_by = w->request.queued.endpoint;
		free(w->url);
		w->url = xstrndup(word.p, word.n);
		up = upstream_of_layer(w->named_by, w->url, err);
	}
	if (!up)
		return false;
	w->request.page_url = w->url;
	attempt_progress(&w->request);
	request_submit(up, &w->request);
	return true;
}

static void report_blob(struct request *r, const struct err *why)
{
	struct blob_pull *w = (struct blob_pull *)r;
	struct err last = ERR_INIT, *err = why ? &last : NULL;

	if (why) {
		last = *why;
		if (submit_to_next_url(w, &last))
			return;
		if (w->named_by && !r->up->registry->stopped)
			err_wrap(&last, "not in the registry, and elsewhere");
	}
	struct registry_blob b = { .err = err,
				   .bytes = (int64_t)r->bytes,
				   .requests = r->requests };

	if (w->blob)
		layout_abandon(w->blob);
	w->done(w->arg, &b);
	request_release(r);
	free(w->urls);
	free(w->url);
	free(w);
}

static const struct request_verb blob_verb = {
	.prepare_answer = prepare_blob,
	.take_headers = take_blob_headers,
	.take_body = take_blob_body,
	.is_complete = is_complete_blob,
	.finish_answer = finish_blob,
	.change_after_refusal = change_blob_request,
	.report_outcome = report_blob,
};

void pull_blob(struct upstream *up, const struct ref *ref, const struct registry_wanted *wanted,
	       struct layout *into, registry_blob_done *done, void *arg)
{
	struct blob_pull *w = xcalloc(1, sizeof(*w));

	w->request.verb = &blob_verb;
	w->request.method = HTTP_GET;
	w->request.name_length = strlen(ref->path);
	w->request.path = xasprintf("%s/blobs/%s", ref->path, wanted->digest->str);
	w->done = done;
	w->arg = arg;
	w->digest = *wanted->digest;
	w->size = wanted->size;
	w->urls = wanted->urls ? xstrdup(wanted->urls) : NULL;
	if (w->urls)
		w->urls_left = span_str(w->urls);
	w->into = into;
	request_submit(up, &w->request);
}
