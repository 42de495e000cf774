#include "serve/answer.h"

#include <string.h>

#include "oci/base/err.h"
#include "oci/image/media_type.h"
#include "serve/access.h"
#include "serve/admin.h"
#include "serve/content.h"
#include "serve/for_mirrors.h"
#include "serve/http_request.h"
#include "serve/listing.h"
#include "serve/login.h"
#include "serve/missed.h"
#include "serve/out.h"
#include "serve/ready.h"
#include "serve/reply.h"
#include "serve/requested.h"
#include "serve/server.h"
#include "serve/state.h"

/* The digest in the path; a text that is none is answered with 400, and the result is false. */
static bool read_digest(struct exchange *x, struct digest *d)
{
	struct err bad;

	if (digest_parse(d, x->route.reference, &bad) == 0)
		return true;
	reply_error(x, 400, "DIGEST_INVALID", "%s", bad.msg);
	return false;
}

/* distribution-spec, "Pulling manifests" */
static void answer_manifest(struct exchange *x)
{
	struct span reference = x->route.reference;
	struct object o;
	struct content c = { .object = &o, .unknown = "MANIFEST_UNKNOWN" };
	struct digest d;
	bool found;

	c.by_tag = !memchr(reference.p, ':', reference.n);
	if (c.by_tag) {
		found = state_tag(x->state, x->repository, reference, &o);
		if (!found && listing_fallback(x))
			return;
	} else if (read_digest(x, &d)) {
		found = state_object(x->state, x->repository, &d, &o);
	} else {
		return;
	}
	if (!found || !o.is_manifest) {
		missed_note(x);
		reply_error(x, 404, c.unknown, "%s has no manifest \"%.*s\"", x->repository->name,
			    SPAN_ARG(reference));
	} else {
		c.media_type = o.media_type;
		content_manifest(x, &c);
	}
}

/* distribution-spec, "Pulling blobs"; manifests are found here as well. */
static void answer_blob(struct exchange *x)
{
	struct object o;
	struct content c = {
		.object = &o, .unknown = "BLOB_UNKNOWN", .media_type = MEDIA_OCTETS, .ranges = true
	};
	struct digest d;

	if (!read_digest(x, &d))
		return;
	if (state_object(x->state, x->repository, &d, &o))
		content_blob(x, &c);
	else
		reply_error(x, 404, c.unknown, "%s has no blob %s", x->repository->name, d.str);
}

static void answer_base(struct exchange *x)
{
	if (login_first(x))
		return;
	buf_clear(&x->out->text);
	buf_adds(&x->out->text, "{}\n");
	reply_text(x, 200, "application/json");
}

static void reply_nothing(struct exchange *x)
{
	reply_error(x, 404, "UNSUPPORTED", "nothing is served here");
}

/* Lists of all that the asker may read: of what is public to those who send no credentials, but
 * credentials that are not good are said to be so. `off`: the operator has switched the list
 * off. */
static void answer_list(struct exchange *x, bool off, void (*reply)(struct exchange *x))
{
	if (off) {
		reply_nothing(x);
		return;
	}
	if (!asker_find(x) || asker_put_off(x))
		return;
	if (x->asker.kind == ASKER_REFUSED)
		login_challenge(x);
	else
		reply(x);
}

static void answer_token(struct exchange *x)
{
	const struct http_request *r = x->request;

	if (!access_logins(x->access))
		reply_nothing(x);
	else if (r->method == METHOD_POST && (r->chunked || x->body.n != (size_t)r->body))
		reply_error(x, 413, "UNSUPPORTED",
			    "a form of a known length and at most %lu bytes is read here",
			    LIMIT_TOKEN_FORM);
	else
		login_token(x);
}

/* Answers with `reply` when this mirror has the repository. */
static void answer_in_repository(struct exchange *x, void (*reply)(struct exchange *x))
{
	if (requested_repository(x))
		reply(x);
	else if (!x->pending)
		requested_unknown(x);
}

#define ALLOW "Allow: GET, HEAD, OPTIONS\r\n"

/* Load balancers send OPTIONS to see whether a server is alive. */
static void answer_options(struct exchange *x)
{
	reply_start(x, 204, -1);
	out_put(x->out, ALLOW, sizeof(ALLOW) - 1);
	reply_end(x);
}

/* Answers by method alone; false when the path decides. A token is asked for with POST as well. */
static bool answer_method(struct exchange *x)
{
	switch (x->request->method) {
	case METHOD_GET:
	case METHOD_HEAD: return false;
	case METHOD_OPTIONS: answer_options(x); return true;
	case METHOD_POST:
		if (x->route.kind == ROUTE_TOKEN && access_logins(x->access))
			return false;
		break;
	case METHOD_OTHER: break;
	}
	x->extra = ALLOW;
	reply_error(x, 405, "UNSUPPORTED", "this registry is read-only");
	return true;
}

void answer(struct exchange *x)
{
	x->repository = NULL;
	x->extra = NULL;
	x->pending = false;
	x->asker.kind = ASKER_UNKNOWN;
	x->asker.groups = NULL;
	x->digest = NULL;
	x->ns = span_of("", 0);
	route_parse(&x->route, x->request->path, x->request->query, x->scratch);
	if (x->refusal) {
		reply_too_many(x, x->refusal);
		return;
	}
	if (answer_method(x))
		return;
	if (x->server->admin) {
		admin_answer(x);
		return;
	}
	requested_namespace(x);
	if (x->pending)
		return;
	switch (x->route.kind) {
	case ROUTE_ROOT: ready_reply(x, x->server); break;
	case ROUTE_BAD:
		reply_error(x, 400, "UNSUPPORTED", "a percent-escape that cannot be decoded");
		break;
	case ROUTE_NONE: reply_nothing(x); break;
	case ROUTE_BASE: answer_base(x); break;
	case ROUTE_CATALOG: answer_list(x, x->server->no_catalog, listing_catalog); break;
	case ROUTE_INDEX: answer_list(x, x->server->no_index, for_mirrors_index); break;
	case ROUTE_JOURNAL: answer_list(x, x->server->no_index, for_mirrors_journal); break;
	case ROUTE_TOKEN: answer_token(x); break;
	case ROUTE_MANIFEST: answer_in_repository(x, answer_manifest); break;
	case ROUTE_BLOB: answer_in_repository(x, answer_blob); break;
	case ROUTE_TAGS: answer_in_repository(x, listing_tags); break;
	case ROUTE_REFERRERS: answer_in_repository(x, listing_referrers); break;
	}
}

bool answer_reads_body(const struct http_request *r)
{
	return r->method == METHOD_POST && span_eq(r->path, "/v2/_ocimirror/token");
}

void answer_unreadable(struct exchange *x, int status)
{
	static const struct http_request nothing = { .method = METHOD_GET, .minor = 1 };

	x->request = &nothing;
	x->route.kind = ROUTE_BAD;
	x->digest = NULL;
	x->ns = span_of("", 0);
	x->pending = false;
	x->repository = NULL;
	x->extra = NULL;
	x->last = true;
	reply_error(x, status, "UNSUPPORTED", "this could not be read as an HTTP/1.1 request");
}

void answer_misdirected(struct exchange *x, bool secure)
{
	static const struct http_request nothing = { .method = METHOD_GET, .minor = 1 };

	if (!secure)
		x->request = &nothing;
	x->digest = NULL;
	x->ns = span_of("", 0);
	x->route.kind = ROUTE_BAD;
	x->pending = false;
	x->repository = NULL;
	x->extra = NULL;
	x->last = true;
	if (!secure)
		reply_error(x, 400, "UNSUPPORTED",
			    "this is http, without TLS: use http://, and name this mirror to the "
			    "client as one without TLS");
	else
		reply_error(x, 400, "UNSUPPORTED", "this is https: use https://%.*s",
			    SPAN_ARG(x->request->host));
}
