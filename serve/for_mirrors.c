#include "serve/for_mirrors.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/media_type.h"
#include "oci/image/ref.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"
#include "serve/answer.h"
#include "serve/asker.h"
#include "serve/http_request.h"
#include "serve/index_views.h"
#include "serve/multipart.h"
#include "serve/out.h"
#include "serve/reload.h"
#include "serve/reply.h"
#include "serve/server.h"
#include "serve/state.h"
#include "serve/visible.h"
#include "serve/without_mail.h"

static bool may_read(void *x, const char *group)
{
	return asker_in_group(x, group);
}

static bool has_this(const struct exchange *x, const char *tag)
{
	struct span none = x->request->if_none_match;

	return none.p && http_request_has_tag(none, span_str(tag), false);
}

static void start_reply(struct exchange *x, const char *tag, const char *type, int64_t length)
{
	bool same = has_this(x, tag);

	reply_start(x, same ? 304 : 200, same ? -1 : length);
	reply_field(x, "Content-Type", type);
	out_puts(x->out, "ETag: \"");
	out_puts(x->out, tag);
	out_put(x->out, "\"\r\n", 3);
	out_put(x->out, REPLY_LINE("Cache-Control: no-cache"));
}

static int64_t length_of(const struct range *v, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += range_length(&v[i]);
	return sum;
}

void for_mirrors_index(struct exchange *x)
{
	struct state *s = x->state;
	cleanup_free struct range *ranges = NULL;
	cleanup_fd int fd = -1;
	char tag[INDEX_VIEWS_TAG];
	struct err err = ERR_INIT;
	size_t n;

	/* one that is wrong is being replaced */
	if (state_check(s, &x->server->reload->from, &err) != STATE_RIGHT) {
		reply_busy(x);
		return;
	}
	ranges = xcalloc(s->views.n + 2, sizeof(*ranges));
	n = index_views_ranges(&s->views, may_read, x, ranges, tag);
	if (!has_this(x, tag) && x->request->method != METHOD_HEAD &&
	    (fd = fcntl(s->views.fd, F_DUPFD_CLOEXEC, 0)) < 0) {
		reply_busy(x);
		return;
	}
	start_reply(x, tag, MEDIA_OCI_INDEX, length_of(ranges, n));
	reply_end(x);
	if (reply_is_bare(x))
		return;
	if (n == 1)
		out_file(x->out, take_fd(&fd), 0, ranges[0].last + 1);
	else
		out_parts(x->out, take_fd(&fd), multipart_joined(ranges, n));
}

/* ---- the journal ---- */

/* Whether the asker may read of a reference: of a repository that is here, and visible. */
static bool may_read_of(struct exchange *x, const char *text)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	cleanup_free char *name = NULL;
	const struct repository *r;
	struct err ignored = ERR_INIT;

	if (ref_parse(&ref, span_str(text), &ignored) < 0)
		return false;
	name = ref_repository(&ref);
	r = state_repository(x->state, name);
	return r && visible_repository(x, r);
}

static void add_line(const struct journal_line *line, struct span text, void *arg)
{
	struct exchange *x = arg;

	if (!line->ref || may_read_of(x, line->ref))
		without_mail(&x->out->text, text);
}

/* A page depends on the generation, on where it begins, and on who asks: a part of a digest of the
 * groups that he may read. */
static void make_tag(struct exchange *x, int64_t from, char tag[static INDEX_VIEWS_TAG])
{
	struct hash *h = hash_new(NULL);
	struct digest view;

	for (size_t i = 0; i < x->state->n; i++) {
		const struct repository *r = &x->state->v[i];

		if (r->group && visible_repository(x, r))
			hash_add(h, r->name, strlen(r->name) + 1);
	}
	hash_end(h, &view);
	snprintf(tag, INDEX_VIEWS_TAG, "%s+%lld+%.32s", x->state->generation, (long long)from,
		 strchr(view.str, ':') + 1);
}

static int read_page(struct exchange *x, struct journal_part *part, struct err *err)
{
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	int64_t current = span_number(span_str(x->state->generation), INT64_MAX);

	if (current < 0)
		return err_set(err, ERR_NOTFOUND, 0, "this layout has no journal");
	if (layout_open(&l, x->server->reload->from.mirror, LAYOUT_READ, err) < 0)
		return -1;
	return journal_read_part(&l, (long)current, part, add_line, x, err);
}

static void send_page(struct exchange *x, const struct journal_part *part, const char *tag)
{
	struct out *o = x->out;
	char text[128];

	start_reply(x, tag, "application/jsonl", (int64_t)o->text.n);
	snprintf(text, sizeof(text), "%lld", (long long)part->next);
	reply_field(x, "X-Mirror-Journal-Next", text);
	if (part->more) {
		snprintf(text, sizeof(text), "</v2/_ocimirror/journal?from=%lld>; rel=\"next\"",
			 (long long)part->next);
		reply_field(x, "Link", text);
	}
	reply_end(x);
	if (reply_is_bare(x))
		return;
	out_lend(o, o->text.p, o->text.n);
	o->has_text = true;
}

void for_mirrors_journal(struct exchange *x)
{
	struct journal_part part = { .from = 0 };
	char tag[INDEX_VIEWS_TAG];
	struct err err = ERR_INIT;

	if (x->route.from.p)
		part.from = span_number(x->route.from, INT64_MAX);
	if (part.from < 0) {
		reply_error(x, 400, "UNSUPPORTED", "from=%.*s is not a number",
			    SPAN_ARG(x->route.from));
		return;
	}
	make_tag(x, part.from, tag);
	buf_clear(&x->out->text);
	if (read_page(x, &part, &err) == 0)
		send_page(x, &part, tag);
	else if (err.kind == ERR_NOTFOUND)
		reply_error(x, 404, "UNSUPPORTED", "%s", err.msg);
	else
		reply_busy(x);
}
