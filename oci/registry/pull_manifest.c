#include "oci/registry/pull_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/http/header.h"
#include "oci/image/media_type.h"
#include "oci/registry/error_response.h"
#include "oci/registry/reply.h"
#include "oci/registry/request.h"

struct wanted {
	struct request request; /* first */
	registry_manifest_done *done;
	void *arg;
	struct digest digest; /* that it must have; "" when a tag was asked for */
	bool head;            /* only what it is, not the bytes */
	size_t endpoint;      /* the one that method is meant for */
	struct buf bytes;
	struct registry_manifest m;
	char *media_type;
};

/* That one endpoint needed a GET says nothing of the next. */
static enum request_end prepare(struct request *a, struct err *err)
{
	struct wanted *w = (struct wanted *)a;

	(void)err;
	buf_clear(&w->bytes);
	if (w->head && a->at != w->endpoint) {
		w->endpoint = a->at;
		a->method = HTTP_HEAD;
		a->pull = false;
	}
	return REQUEST_AGAIN;
}

static int begin(struct request *a, struct err *err)
{
	struct wanted *w = (struct wanted *)a;
	struct span type = header_media_type(request_header(a, "Content-Type"));
	int64_t length = header_length(request_header(a, "Content-Length"));

	if (a->call.status != 200)
		return err_set(err, ERR_INVALID, 0, "answered %ld where nothing was asked in part",
			       a->call.status);
	if (error_response_check_page(request_header(a, "Content-Type"), err) < 0)
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

static int data(struct request *a, const char *p, size_t n, struct err *err)
{
	struct wanted *w = (struct wanted *)a;

	if (!buf_add(&w->bytes, p, n))
		return err_set(err, ERR_INVALID, 0, "a manifest larger than %lu MiB",
			       LIMIT_MANIFEST / MIB);
	return 0;
}

/* Some registries leave the digest out of the answer to a HEAD (ECR; others when they compress): the bytes
 * tell it. */
static enum request_end head_end(struct wanted *w, struct err *err)
{
	struct span said = request_header(&w->request, "Docker-Content-Digest");
	struct err ignored;

	if (!said.p || digest_parse(&w->m.digest, said, &ignored) < 0) {
		w->request.method = HTTP_GET;
		w->request.pull = true;
		return REQUEST_AGAIN;
	}
	if (w->digest.str[0] && !digest_eq(&w->digest, &w->m.digest))
		return err_set(err, ERR_DIGEST, 0, "asked for %s, answered that it is %s",
			       w->digest.str, w->m.digest.str),
		       REQUEST_FAILED;
	return REQUEST_DONE;
}

static enum request_end end(struct request *a, struct err *err)
{
	struct wanted *w = (struct wanted *)a;

	if (a->method == HTTP_HEAD)
		return head_end(w, err);
	digest_of(w->digest.str[0] ? &w->digest : NULL, w->bytes.p, w->bytes.n, &w->m.digest);
	if (w->digest.str[0] && !digest_eq(&w->digest, &w->m.digest))
		return err_set(err, ERR_DIGEST, 0, "asked for %s, but these bytes are %s",
			       w->digest.str, w->m.digest.str),
		       REQUEST_FAILED;
	w->m.size = (int64_t)w->bytes.n;
	return REQUEST_DONE;
}

/* HEAD is not known everywhere. */
static bool otherwise(struct request *a)
{
	bool unknown = a->call.status == 405 || a->call.status == 501;

	if (a->method != HTTP_HEAD || !unknown)
		return false;
	a->method = HTTP_GET;
	a->pull = true;
	return true;
}

static void done(struct request *a, const struct err *err)
{
	struct wanted *w = (struct wanted *)a;

	w->m.err = err;
	w->m.media_type = w->media_type ? w->media_type : "";
	w->m.bytes = buf_span(&w->bytes);
	w->m.requests = a->requests;
	w->done(w->arg, &w->m);
	buf_release(&w->bytes);
	free(w->media_type);
	request_release(a);
	free(w);
}

static const struct request_verb verb = {
	.prepare = prepare,
	.begin = begin,
	.data = data,
	.end = end,
	.otherwise = otherwise,
	.done = done,
};

static struct wanted *wanted_new(const struct ref *ref, const char *reference,
				 registry_manifest_done *done_, void *arg)
{
	struct wanted *w = xcalloc(1, sizeof(*w));

	w->request.verb = &verb;
	w->request.accept = media_accept;
	w->request.name = strlen(ref->path);
	w->request.path = xasprintf("%s/manifests/%s", ref->path, reference);
	w->done = done_;
	w->arg = arg;
	w->m.size = -1;
	buf_init(&w->bytes, LIMIT_MANIFEST);
	return w;
}

void pull_head(struct upstream *up, const struct ref *ref, registry_manifest_done *done_, void *arg)
{
	const char *reference = ref->digest.str[0] ? ref->digest.str
				: ref->tag         ? ref->tag
						   : "latest";
	struct wanted *w = wanted_new(ref, reference, done_, arg);

	w->head = true;
	w->request.method = HTTP_HEAD;
	w->digest = ref->digest;
	reply_expect(&w->request);
	request_queue(up, &w->request);
}

void pull_manifest(struct upstream *up, const struct ref *ref, const struct digest *d,
		   registry_manifest_done *done_, void *arg)
{
	struct wanted *w = wanted_new(ref, d->str, done_, arg);

	w->request.method = HTTP_GET;
	w->request.pull = true;
	w->digest = *d;
	reply_expect(&w->request);
	request_queue(up, &w->request);
}
