#include "sync/remote_index.h"

#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/http/http.h"
#include "oci/store/index.h"
#include "oci/store/index_head.h"

struct answer {
	struct buf body;
	bool ended, failed;
	struct err err;
};

static int on_index_head(struct http_call *c, struct err *err)
{
	if (c->status == 200)
		return 0;
	return err_set(err, ERR_NET, (int)c->status, "answers %ld; is it a mirror-serve?",
		       c->status);
}

static int on_index_data(struct http_call *c, const char *p, size_t n, struct err *err)
{
	struct answer *a = c->arg;

	if (buf_add(&a->body, p, n))
		return 0;
	return err_set(err, ERR_INVALID, 0, "index is larger than %lu MiB", LIMIT_INDEX / MIB);
}

static void on_index_done(struct http_call *c, enum http_result result, const struct err *err)
{
	struct answer *a = c->arg;

	a->ended = true;
	a->failed = result != HTTP_DONE;
	if (a->failed)
		a->err = *err;
}

static void answer_release(struct answer *a)
{
	buf_release(&a->body);
}

static int get_index(struct http *h, const char *url, struct answer *a, struct err *err)
{
	struct http_call call = {
		.method = HTTP_GET,
		.url = url,
		.accept = "application/json",
		.zone = ORIGIN_CONFIGURED,
		.arg = a,
		.head = on_index_head,
		.data = on_index_data,
		.done = on_index_done,
	};

	http_send(h, &call);
	while (!a->ended)
		if (http_turn(h, NULL, 0, 1000, err) < 0)
			return -1;
	if (a->failed) {
		*err = a->err;
		return -1;
	}
	return 0;
}

CLEANUP_PTR(own_http_, struct http, http_free)

int remote_index_load(const char *url, const struct net_options *o, struct index *x,
		      struct err *err)
{
	__attribute__((cleanup(own_http_))) struct http *h = http_new(o, NULL, err);
	cleanup_by(answer_release) struct answer a = { .body = BUF_INIT(LIMIT_INDEX) };
	size_t n = strlen(url);
	cleanup_free char *full = xasprintf("%.*s/v2/_ocimirror/index.json",
					    (int)(n && url[n - 1] == '/' ? n - 1 : n), url);

	if (!h)
		return -1;
	if (get_index(h, full, &a, err) < 0 || index_parse(x, buf_span(&a.body), err) < 0 ||
	    index_head_check(x, err) < 0)
		return err_wrap(err, "%s", url);
	return 0;
}
