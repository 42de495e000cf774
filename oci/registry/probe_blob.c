#include "oci/registry/probe_blob.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/http/header.h"
#include "oci/registry/request.h"

struct blob_probe {
	struct request request; /* first */
	registry_blob_done *done;
	void *arg;
	int64_t size;
};

static enum request_result prepare_probe(struct request *r, struct err *err)
{
	(void)r, (void)err;
	return REQUEST_AGAIN;
}

/* A page for people (of a login, of a proxy) has another length than the blob. */
static int take_probe_headers(struct request *r, struct err *err)
{
	const struct blob_probe *w = (const struct blob_probe *)r;
	int64_t length = header_length(request_header(r, "Content-Length"));

	if (r->call.status != 200 || length < 0 || length == w->size)
		return 0;
	return err_set(err, ERR_INVALID, 0, "has a blob of %lld bytes there, not of %lld",
		       (long long)length, (long long)w->size);
}

static int take_probe_body(struct request *r, const char *p, size_t n, struct err *err)
{
	(void)r, (void)p, (void)n, (void)err;
	return 0;
}

/* The headers say it. */
static bool is_complete_probe(const struct request *r)
{
	(void)r;
	return true;
}

static enum request_result finish_probe(struct request *r, struct err *err)
{
	(void)r, (void)err;
	return REQUEST_DONE;
}

/* Some registries do not know HEAD, and a URL that is signed for GET allows no HEAD: then the last
 * byte is asked for. */
static bool change_probe(struct request *r)
{
	const struct blob_probe *w = (const struct blob_probe *)r;
	bool unknown = r->call.status == 405 || r->call.status == 501 || r->call.status == 403;

	if (r->method != HTTP_HEAD || !unknown)
		return false;
	r->method = HTTP_GET;
	r->from = w->size > 1 ? w->size - 1 : 0;
	return true;
}

static void report_probe(struct request *r, const struct err *err)
{
	struct blob_probe *w = (struct blob_probe *)r;

	w->done(w->arg, &(struct registry_blob){
				.err = err, .bytes = (int64_t)r->bytes, .requests = r->requests });
	request_release(r);
	free(w);
}

static const struct request_verb probe_verb = {
	.prepare_answer = prepare_probe,
	.take_headers = take_probe_headers,
	.take_body = take_probe_body,
	.is_complete = is_complete_probe,
	.finish_answer = finish_probe,
	.change_after_refusal = change_probe,
	.report_outcome = report_probe,
};

void probe_blob(struct upstream *up, const struct ref *ref, const struct digest *d, int64_t size,
		registry_blob_done *done, void *arg)
{
	struct blob_probe *w = xcalloc(1, sizeof(*w));

	w->request.verb = &probe_verb;
	w->request.method = HTTP_HEAD;
	w->request.name_length = strlen(ref->path);
	w->request.path = xasprintf("%s/blobs/%s", ref->path, d->str);
	w->done = done;
	w->arg = arg;
	w->size = size;
	request_submit(up, &w->request);
}
