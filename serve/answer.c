#include "serve/answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/cli/message.h"
#include "oci/image/media_type.h"
#include "oci/image/ref.h"
#include "serve/access.h"
#include "serve/admin.h"
#include "serve/for_mirrors.h"
#include "serve/http_request.h"
#include "serve/listing.h"
#include "serve/login.h"
#include "serve/missed.h"
#include "serve/multipart.h"
#include "serve/out.h"
#include "serve/range.h"
#include "serve/ready.h"
#include "serve/reply.h"
#include "serve/server.h"
#include "serve/state.h"
#include "serve/tls.h"
#include "serve/visible.h"

/* Content found by its digest does not change; the content of a tag does. */
#define CACHE_FOREVER REPLY_LINE("Cache-Control: max-age=31536000, immutable")
#define CACHE_NOT     REPLY_LINE("Cache-Control: no-cache")

/* The stored bytes that a request is answered with. */
struct content {
	const struct object *object;
	const char *media_type;
	const char *unknown; /* the error code when the file is not there */
	bool by_tag;
	bool ranges;
};

/* Whether x->host is an upstream of what the asker may read. Who asks is found out only for a host
 * that none but groups have; x->pending is set while that takes a while. */
static bool is_upstream(struct exchange *x)
{
	const struct state *s = x->state;
	size_t n = strlen(x->host);

	if (state_has_host(s, x->host))
		return true;
	if (x->pending || !state_has_private_host(s, x->host) || !asker_find(x))
		return false;
	for (size_t i = 0; i < s->n; i++) {
		const struct repository *r = &s->v[i];

		if (r->group && r->host == n && memcmp(r->name, x->host, n) == 0 &&
		    visible_repository(x, r))
			return true;
	}
	return false;
}

/* Takes the host as the namespace if it is an upstream of this mirror: as it is, or without a port
 * that its scheme implies. */
static bool is_namespace(struct exchange *x, struct span host)
{
	const struct span forms[] = { host, repository_names_bare_host(host) };

	for (size_t i = 0; i < 2; i++) {
		repository_names_host(forms[i], x->host);
		if (!x->host[0] || !is_upstream(x))
			continue;
		x->ns = forms[i];
		return true;
	}
	return false;
}

/*
 * The namespace a client means: ns=, or else a Host field or a TLS server name that names an
 * upstream of this mirror (in a client for which quay.io leads here, by DNS or by its settings).
 */
static void find_namespace(struct exchange *x)
{
	x->ns = x->route.ns;
	repository_names_host(x->ns, x->host);
	if (!x->ns.n && !is_namespace(x, x->request->host) && x->tls)
		is_namespace(x, span_str(tls_server_name(x->tls)));
}

static bool find_repository(struct exchange *x)
{
	struct repository_names it;
	const char *name;

	repository_names_init(&it, x->route.name, x->ns, x->server->registry);
	while (!x->repository && (name = repository_names_next(&it))) {
		const struct repository *r = state_repository(x->state, name);

		if (r && r->group && !asker_find(x))
			return false;
		if (r && visible_repository(x, r))
			x->repository = r;
	}
	return x->repository != NULL;
}

/* What is not public, missing or not, is told apart only to those who came by the token endpoint:
 * true when the reply is a challenge, or has to wait. */
static bool reply_first_login(struct exchange *x)
{
	if (!access_logins(x->access))
		return false;
	if (!asker_find(x) || asker_put_off(x))
		return true;
	if (!asker_is_challenged(&x->asker))
		return false;
	login_challenge(x);
	return true;
}

/* 404 for a repository that this mirror does not have, with all the names that were tried. */
static void reply_name_unknown(struct exchange *x)
{
	char tried[4 * REPOSITORY_NAMES_MAX] = "";
	struct repository_names it;
	const char *name;
	size_t n = 0;

	if (!ref_valid_path(x->route.name)) {
		reply_error(x, 404, "NAME_INVALID", "\"%.*s\" is not a repository name",
			    SPAN_ARG(x->route.name));
		return;
	}
	if (reply_first_login(x))
		return;
	missed_note(x);
	repository_names_init(&it, x->route.name, x->ns, x->server->registry);
	while ((name = repository_names_next(&it)) && n < sizeof(tried))
		n += (size_t)snprintf(tried + n, sizeof(tried) - n, "%s%s", n ? ", " : "", name);
	reply_error(x, 404, "NAME_UNKNOWN", "not in this mirror: tried %s", tried);
}

/* The operator has to know of a file that is not what its descriptor says. */
static void reply_damaged(struct exchange *x, const struct object *o, enum blob_file f)
{
	message_warn("%s: %s is not a readable file of %lld bytes: it %s", x->repository->name,
		     o->digest, (long long)o->size, blob_file_words(f));
	reply_error(x, 500, "UNKNOWN", "%s is damaged in this mirror", o->digest);
}

/* The file may be whole: other modes make it readable. */
static void reply_denied(struct exchange *x, const struct object *o)
{
	message_warn("%s: %s %s: Permission denied", x->repository->name, o->digest,
		     blob_file_words(BLOB_FILE_DENIED));
	reply_error(x, 500, "UNKNOWN", "%s cannot be read by this mirror: permission denied",
		    o->digest);
}

static void reply_missing(struct exchange *x, const struct content *c)
{
	missed_note(x);
	reply_error(x, 404, c->unknown, "%s: %s is not in this mirror", x->repository->name,
		    c->object->digest);
}

/* Checks the conditions of RFC 9110, 13.2.2, in their order; true when one of them decided the
 * reply. */
static bool reply_conditional(struct exchange *x, const struct content *c)
{
	const struct http_request *r = x->request;
	struct span tag = span_str(c->object->digest);

	if (r->if_match.p && !http_request_has_tag(r->if_match, tag, true)) {
		reply_error(x, 412, "UNKNOWN", "its ETag is \"%s\"", c->object->digest);
		return true;
	}
	if (!r->if_none_match.p || !http_request_has_tag(r->if_none_match, tag, false))
		return false;
	reply_start(x, 304, -1);
	reply_digest(x, c->object->digest);
	if (c->by_tag)
		out_put(x->out, CACHE_NOT);
	else
		out_put(x->out, CACHE_FOREVER);
	reply_end(x);
	return true;
}

/* Range is for GET alone (RFC 9110, 14.2), and If-Range limits it to the content the client began
 * with. */
static enum range_result find_ranges(const struct exchange *x, const struct content *c,
				     struct range_set *set)
{
	const struct http_request *r = x->request;

	if (!c->ranges || r->method != METHOD_GET || !r->range.p)
		return RANGE_WHOLE;
	if (r->if_range.p && !http_request_has_tag(r->if_range, span_str(c->object->digest), true))
		return RANGE_WHOLE;
	return range_parse(set, r->range, c->object->size);
}

/* The head of a reply with stored bytes, after reply_start(); `part`: they are one range of it. */
static void content_head(struct exchange *x, const struct content *c, const char *type,
			 const struct range *part)
{
	struct out *o = x->out;

	reply_field(x, "Content-Type", type);
	reply_digest(x, c->object->digest);
	if (c->by_tag)
		out_put(o, CACHE_NOT);
	else
		out_put(o, CACHE_FOREVER);
	if (c->ranges)
		out_put(o, REPLY_LINE("Accept-Ranges: bytes"));
	if (part) {
		out_puts(o, "Content-Range: bytes ");
		out_number(o, part->first);
		out_put(o, "-", 1);
		out_number(o, part->last);
		out_put(o, "/", 1);
		out_number(o, c->object->size);
		out_put(o, "\r\n", 2);
	}
	if (x->ns.n)
		reply_field(x, "OCI-Namespace", x->host);
	reply_end(x);
}

static void reply_unsatisfiable(struct exchange *x, const struct content *c)
{
	char line[64];

	snprintf(line, sizeof(line), "Content-Range: bytes */%lld\r\n", (long long)c->object->size);
	x->extra = line;
	reply_error(x, 416, "RANGE_INVALID", "%s has %lld bytes", c->object->digest,
		    (long long)c->object->size);
	x->extra = NULL;
}

static void reply_whole(struct exchange *x, const struct content *c, int *fd)
{
	reply_start(x, 200, c->object->size);
	content_head(x, c, c->media_type, NULL);
	if (*fd >= 0)
		out_file(x->out, take_fd(fd), 0, c->object->size);
}

static void reply_part(struct exchange *x, const struct content *c, const struct range *r, int *fd)
{
	reply_start(x, 206, range_length(r));
	content_head(x, c, c->media_type, r);
	out_file(x->out, take_fd(fd), r->first, range_length(r));
}

static void reply_parts(struct exchange *x, const struct content *c, const struct range_set *set,
			int *fd)
{
	const struct object *o = c->object;
	struct multipart *m = multipart_new(set, o->digest, c->media_type, o->size);
	char type[MULTIPART_TYPE];

	multipart_type(m, type);
	reply_start(x, 206, multipart_length(m));
	content_head(x, c, type, NULL);
	out_parts(x->out, take_fd(fd), m);
}

/* Replies from the file, which is opened and measured before the head of the reply is queued; of
 * one for HEAD nothing is opened. */
static void reply_from_file(struct exchange *x, const struct content *c)
{
	const struct object *o = c->object;
	struct range_set set;
	cleanup_fd int fd = -1;
	bool bare = x->request->method == METHOD_HEAD;
	enum blob_file f = state_open(x->state, o, bare ? NULL : &fd);

	switch (f) {
	case BLOB_FILE_ABSENT: reply_missing(x, c); return;
	case BLOB_FILE_LINK:
	case BLOB_FILE_NO_FILE:
	case BLOB_FILE_SIZE:
	case BLOB_FILE_DISK: reply_damaged(x, o, f); return;
	case BLOB_FILE_DENIED: reply_denied(x, o); return;
	case BLOB_FILE_BUSY: reply_busy(x); return;
	case BLOB_FILE_HERE: break;
	}
	switch (find_ranges(x, c, &set)) {
	case RANGE_UNSATISFIABLE: reply_unsatisfiable(x, c); return;
	case RANGE_PART: reply_part(x, c, &set.v[0], &fd); return;
	case RANGE_PARTS: reply_parts(x, c, &set, &fd); return;
	case RANGE_WHOLE: reply_whole(x, c, &fd); return;
	}
}

/* The file may be mended while we serve, so it is read again for the next request. */
static void reply_altered(struct exchange *x, const struct object *o)
{
	message_warn("%s: %s has other content than its digest says", x->repository->name,
		     o->digest);
	reply_error(x, 500, "UNKNOWN", "%s is damaged in this mirror", o->digest);
}

/* Bytes that are kept, or those of one reply. */
static void reply_bytes(struct exchange *x, const struct content *c, const char *bytes, bool kept)
{
	size_t n = (size_t)c->object->size;
	struct out *o = x->out;

	if (reply_conditional(x, c))
		return;
	reply_start(x, 200, c->object->size);
	content_head(x, c, c->media_type, NULL);
	if (reply_is_bare(x))
		return;
	if (!kept) {
		buf_clear(&o->text);
		buf_add(&o->text, bytes, n);
		o->has_text = true;
		bytes = o->text.p;
	}
	out_lend(o, bytes, n);
}

static void reply_manifest(struct exchange *x, const struct content *c)
{
	char *bytes;

	switch (state_bytes(x->state, c->object, &bytes)) {
	case STATE_BYTES_KEPT: reply_bytes(x, c, bytes, true); return;
	case STATE_BYTES_GIVEN:
		reply_bytes(x, c, bytes, false);
		free(bytes);
		return;
	case STATE_BYTES_WRONG: reply_altered(x, c->object); return;
	case STATE_BYTES_NONE: break;
	}
	if (c->object->size > (int64_t)LIMIT_MANIFEST)
		reply_missing(x, c);
	else
		reply_from_file(x, c);
}

static void reply_blob(struct exchange *x, const struct content *c)
{
	if (!reply_conditional(x, c))
		reply_from_file(x, c);
}

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
		reply_manifest(x, &c);
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
		reply_blob(x, &c);
	else
		reply_error(x, 404, c.unknown, "%s has no blob %s", x->repository->name, d.str);
}

static void answer_base(struct exchange *x)
{
	if (reply_first_login(x))
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
	if (find_repository(x))
		reply(x);
	else if (!x->pending)
		reply_name_unknown(x);
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
	if (answer_method(x))
		return;
	if (x->server->admin) {
		admin_answer(x);
		return;
	}
	find_namespace(x);
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
