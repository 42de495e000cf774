#include "serve/content.h"

#include <stdio.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "serve/answer.h"
#include "serve/damage_log.h"
#include "serve/http_request.h"
#include "serve/missed.h"
#include "serve/multipart.h"
#include "serve/out.h"
#include "serve/range.h"
#include "serve/reply.h"
#include "serve/state.h"

/* Content found by its digest does not change; the content of a tag does. */
#define CACHE_FOREVER REPLY_LINE("Cache-Control: max-age=31536000, immutable")
#define CACHE_NOT     REPLY_LINE("Cache-Control: no-cache")

/* ---- the file is not what its descriptor says ---- */

/* The operator has to know of a file that is not what its descriptor says. */
static void reply_damaged(struct exchange *x, const struct object *o, enum blob_file f)
{
	damage_log_add("%s: %s is not a readable file of %lld bytes: it %s", x->repository->name,
		       o->digest, (long long)o->size, blob_file_words(f));
	reply_error(x, 500, "UNKNOWN", "%s is damaged in this mirror", o->digest);
}

/* The file may be mended while we serve, so it is read again for the next request. */
static void reply_altered(struct exchange *x, const struct object *o)
{
	damage_log_add("%s: %s has other content than its digest says", x->repository->name,
		       o->digest);
	reply_error(x, 500, "UNKNOWN", "%s is damaged in this mirror", o->digest);
}

/* The file may be whole: other modes make it readable. */
static void reply_denied(struct exchange *x, const struct object *o)
{
	damage_log_add("%s: %s %s: Permission denied", x->repository->name, o->digest,
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

/* ---- conditions, ranges, heads ---- */

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

/* ---- a blob, from its file ---- */

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

	if (!m) {
		reply_busy(x);
		return;
	}
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

void content_blob(struct exchange *x, const struct content *c)
{
	if (!reply_conditional(x, c))
		reply_from_file(x, c);
}

/* ---- a manifest, from memory ---- */

/* A manifest that is not kept in memory is copied for its reply up to this size; a larger one is
 * sent from its file. */
#define COPY_MAX (64 * KIB)

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

void content_manifest(struct exchange *x, const struct content *c)
{
	char *bytes;

	switch (state_bytes(x->state, c->object, &bytes)) {
	case STATE_BYTES_KEPT: reply_bytes(x, c, bytes, true); return;
	case STATE_BYTES_GIVEN:
		/* a copy for each client that reads slowly would take what it asks for */
		if (c->object->size > (int64_t)COPY_MAX)
			content_blob(x, c);
		else
			reply_bytes(x, c, bytes, false);
		free(bytes);
		return;
	case STATE_BYTES_WRONG: reply_altered(x, c->object); return;
	case STATE_BYTES_BUSY: reply_busy(x); return;
	case STATE_BYTES_DISK: reply_damaged(x, c->object, BLOB_FILE_DISK); return;
	case STATE_BYTES_NONE: break;
	}
	if (c->object->size > (int64_t)LIMIT_MANIFEST)
		reply_missing(x, c);
	else
		reply_from_file(x, c);
}
