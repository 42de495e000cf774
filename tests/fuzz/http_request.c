/* A request read in two pieces is the one read whole, its spans lie inside the head, and framing
 * that could be read in two ways is refused. */
#include "serve/http_request.h"

#include <stdlib.h>

#include "oci/base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_inside(struct span part, struct span whole)
{
	if (part.n && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

static void check(const struct http_request *r, struct span head)
{
	const struct span parts[] = { r->line,     r->path,          r->query,
				      r->host,     r->range,         r->if_range,
				      r->if_match, r->if_none_match, r->user_agent };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		check_inside(parts[i], head);
		if (parts[i].n &&
		    (memchr(parts[i].p, '\n', parts[i].n) || memchr(parts[i].p, '\r', parts[i].n) ||
		     memchr(parts[i].p, '\0', parts[i].n)))
			abort();
	}
	if (r->body < 0 || (r->chunked && r->body) ||
	    head.n > LIMIT_REQUEST_HEAD + LIMIT_REQUEST_LINE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span in = span_of((const char *)data + 1, n ? n - 1 : 0);
	struct http_request whole, pieces;
	size_t seen = 0, seen_pieces = 0;
	int a, b;

	if (!n)
		return 0;
	a = http_request_parse(&whole, in, &seen);
	b = http_request_parse(&pieces, span_of(in.p, in.n * data[0] / 256), &seen_pieces);
	if (b == 0)
		b = http_request_parse(&pieces, in, &seen_pieces);
	if (a > (int)in.n)
		abort();
	if (a <= 0)
		return 0;
	/* a request that is good as a whole is good in pieces, and the same one */
	if (a != b || whole.method != pieces.method || whole.body != pieces.body ||
	    whole.path.p != pieces.path.p || whole.path.n != pieces.path.n)
		abort();
	check(&whole, span_of(in.p, (size_t)a));
	http_request_has_tag(whole.if_none_match.p ? whole.if_none_match : in, span_str("x"),
			     false);
	return 0;
}
