#include "serve/for_mirrors.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/media_type.h"
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
