/*
 * http_request - the head of an HTTP/1.1 request, read strictly and without copying (RFC 9112, 2 to 7).
 *
 * All spans point into the bytes that were given. Whatever two programs on the way could read in two
 * ways is refused, since that is how requests are smuggled: bare LF or CR, blanks before a colon,
 * folded lines, two lengths, a length beside a transfer coding, no or two Host fields.
 */
#ifndef SERVE_HTTP_REQUEST_H
#define SERVE_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"

enum method { METHOD_GET, METHOD_HEAD, METHOD_OTHER };

/* A field that is absent has p NULL; one that came twice where once makes sense is empty. */
struct http_request {
	enum method method;
	int minor;         /* of HTTP/1.minor: 0 or 1 */
	struct span line;  /* the request line, for the log */
	struct span path;  /* of the target, as sent: percent-encoded */
	struct span query; /* behind its "?", or empty */
	struct span host;  /* of an absolute target, else of the Host field */
	struct span range;
	struct span if_range;
	struct span if_match;
	struct span if_none_match;
	struct span user_agent;
	bool keep_alive;       /* whether the client wants to go on after this */
	bool expects_continue; /* waits for 100 before it sends the body */
	bool chunked;          /* a body of unknown length follows */
	int64_t body;          /* a body of so many bytes follows; 0 when chunked */
};

/*
 * Reads the head at the front of `in`. Gives how many bytes it takes (with the empty line that ends
 * it), 0 when more bytes are needed, or the negated status to refuse with: 400, 414, 431, 501, 505;
 * the connection cannot go on after these. *seen is how far earlier calls with a shorter `in` have
 * looked, 0 at first.
 */
int http_request_parse(struct http_request *r, struct span in, size_t *seen);

/* Whether a list of entity tags (RFC 9110, 8.8.3 and 13.1) holds `tag`, which comes without quotes; "*"
 * holds every tag. A weak one counts unless `strong`. Tags without quotes are understood too. */
bool http_request_has_tag(struct span list, struct span tag, bool strong);

#endif
