#include "oci/registry/pull_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/http/header.h"
#include "oci/image/media_type.h"
#include "oci/registry/error_response.h"
#include "oci/registry/request.h"

struct manifest_pull {
	struct request request; /* first */
	registry_manifest_done *done;
	void *arg;
	struct digest digest; /* that the bytes must have; "" when a tag was asked for */
	bool head;            /* the digest is enough */
	size_t endpoint;      /* for which the method was chosen */
	struct buf bytes;
	struct registry_manifest m;
	char *media_type;
};

/* Each endpoint is asked with HEAD first, even when the one before needed a GET. */
static enum request_result prepare_manifest(struct request *r, struct err *err)
{
	struct manifest_pull *w = (struct manifest_pull *)r;

	(void)err;
	buf_clear(&w->bytes);
	if (w->head && r->endpoint_index != w->endpoint) {
		w->endpoint = r->endpoint_index;
		r->method = HTTP_HEAD;
		r->queued.pull = false;
	}
	return REQUEST_AGAIN;
}

static int take_manifest_headers(struct request *r, struct err *err)
{
	struct manifest_pull *w = (struct manifest_pull *)r;
	struct span type = header_media_type(request_header(r, "Content-Type"));
	int64_t length = header_length(request_header(r, "Content-Length"));

	if (r->call.status != 200)
		return err_set(err, ERR_INVALID, 0, "answered %ld where nothing was asked in part",
			       r->call.status);
	if (error_response_check_page(request_header(r, "Content-Type"), err) < 0)
		return -1;
	if (length > (int64_t)LIMIT_MANIFEST)
		return err_set(err, ERR_INVALID, 0,
			       "a manifest of %lld bytes is larger than %lu MiB", (long long)length,
			       LIMIT_MANIFEST / MIB);
	free(w->media_type);
	w->media_type = xstrndup(type.p ? type.p : "", type.n);
	w->m.size = length;
	return 0;
}

static int take_manifest_body(struct request *r, const char *p, size_t n, struct err *err)
{
	struct manifest_pull *w = (struct manifest_pull *)r;

	if (!buf_add(&w->bytes, p, n))
		return err_set(err, ERR_INVALID, 0, "a manifest larger than %lu MiB",
			       LIMIT_MANIFEST / MIB);
	return 0;
}

/* Some registries leave the digest out of the answer to a HEAD (ECR; others when they compress):
 * then the bytes are fetched. */
static enum request_result finish_head(struct manifest_pull *w, struct err *err)
{
	struct span said = request_header(&w->request, "Docker-Content-Digest");
	struct err ignored;

	if (!said.p || digest_parse(&w->m.digest, said, &ignored) < 0) {
		w->request.method = HTTP_GET;
		w->request.queued.pull = true;
		return REQUEST_AGAIN;
	}
	if (w->digest.str[0] && !digest_eq(&w->digest, &w->m.digest))
		return err_set(err, ERR_DIGEST, 0, "asked for %s, answered that it is %s",
			       w->digest.str, w->m.digest.str),
		       REQUEST_FAILED;
	return REQUEST_DONE;
}

/* Without a digest that was asked for, bytes that really are compressed would get the digest of the
 * compressed ones: a manifest is a JSON object. */
static int check_is_plain(const struct manifest_pull *w, struct err *err)
{
	struct span bytes = span_trim(buf_span(&w->bytes));

	if (!w->request.encoding[0] || w->digest.str[0] || span_starts(bytes, "{"))
		return 0;
	return err_set(err, ERR_INVALID, 0, "what it gives for a manifest is no JSON object");
}

/* By the digest that was asked for, or that the answer names. */
static bool is_complete_manifest(const struct request *r)
{
	const struct manifest_pull *w = (const struct manifest_pull *)r;
	struct digest want = w->digest, is;
	struct err ignored;

	if (!want.str[0] &&
	    digest_parse(&want, request_header(r, "Docker-Content-Digest"), &ignored) < 0)
		return false;
	digest_of(&want, w->bytes.p, w->bytes.n, &is);
	return digest_eq(&want, &is);
}

static enum request_result finish_manifest(struct request *r, struct err *err)
{
	struct manifest_pull *w = (struct manifest_pull *)r;

	if (r->method == HTTP_HEAD)
		return finish_head(w, err);
	if (check_is_plain(w, err) < 0)
		return REQUEST_FAILED;
	digest_of(w->digest.str[0] ? &w->digest : NULL, w->bytes.p, w->bytes.n, &w->m.digest);
	if (w->digest.str[0] && !digest_eq(&w->digest, &w->m.digest))
		return err_set(err, ERR_DIGEST, 0, "asked for %s, but these bytes are %s",
			       w->digest.str, w->m.digest.str),
		       REQUEST_FAILED;
	w->m.size = (int64_t)w->bytes.n;
	return REQUEST_DONE;
}

/* Some registries do not know HEAD. */
static bool change_manifest_request(struct request *r)
{
	bool unknown = r->call.status == 405 || r->call.status == 501;

	if (r->method != HTTP_HEAD || !unknown)
		return false;
	r->method = HTTP_GET;
	r->queued.pull = true;
	return true;
}

static void report_manifest(struct request *r, const struct err *err)
{
	struct manifest_pull *w = (struct manifest_pull *)r;

	w->m.err = err;
	w->m.media_type = w->media_type ? w->media_type : "";
	w->m.bytes = buf_span(&w->bytes);
	w->m.requests = r->requests;
	w->done(w->arg, &w->m);
	buf_release(&w->bytes);
	free(w->media_type);
	request_release(r);
	free(w);
}

static const struct request_verb manifest_verb = {
	.prepare_answer = prepare_manifest,
	.take_headers = take_manifest_headers,
	.take_body = take_manifest_body,
	.is_complete = is_complete_manifest,
	.finish_answer = finish_manifest,
	.change_after_refusal = change_manifest_request,
	.report_outcome = report_manifest,
	.seconds = LIMIT_MANIFEST_SECONDS,
};

static struct manifest_pull *new_manifest_pull(const struct ref *ref, const char *reference,
					       registry_manifest_done *done, void *arg)
{
	struct manifest_pull *w = xcalloc(1, sizeof(*w));

	w->request.verb = &manifest_verb;
	w->request.accept = media_accept;
	w->request.name_length = strlen(ref->path);
	w->request.path = xasprintf("%s/manifests/%s", ref->path, reference);
	w->done = done;
	w->arg = arg;
	w->m.size = -1;
	buf_init(&w->bytes, LIMIT_MANIFEST);
	return w;
}

/* What ref means, by its digest, else by its tag. */
static struct manifest_pull *new_reference_pull(const struct ref *ref, registry_manifest_done *done,
						void *arg)
{
	const char *reference = ref->digest.str[0] ? ref->digest.str
				: ref->tag         ? ref->tag
						   : "latest";
	struct manifest_pull *w = new_manifest_pull(ref, reference, done, arg);

	w->digest = ref->digest;
	return w;
}

void pull_head(struct upstream *up, const struct ref *ref, registry_manifest_done *done, void *arg)
{
	struct manifest_pull *w = new_reference_pull(ref, done, arg);

	w->head = true;
	w->request.method = HTTP_HEAD;
	request_submit(up, &w->request);
}

void pull_tag(struct upstream *up, const struct ref *ref, registry_manifest_done *done, void *arg)
{
	struct manifest_pull *w = new_reference_pull(ref, done, arg);

	w->request.method = HTTP_GET;
	w->request.queued.pull = true;
	request_submit(up, &w->request);
}

void pull_manifest(struct upstream *up, const struct ref *ref, const struct digest *d,
		   registry_manifest_done *done, void *arg)
{
	struct manifest_pull *w = new_manifest_pull(ref, d->str, done, arg);

	w->request.method = HTTP_GET;
	w->request.queued.pull = true;
	w->digest = *d;
	request_submit(up, &w->request);
}
