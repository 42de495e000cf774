/*
 * http_request - the head of an HTTP/1.1 request, read strictly and without copying (RFC 9112).
 *
 * All spans point into the bytes that were given. Everything that two programs on the way might
 * read differently is refused, since request smuggling needs it: bare LF or CR, blanks before a
 * colon, folded lines, two lengths, a length beside a transfer coding, no or two Host fields.
 */
#ifndef SERVE_HTTP_REQUEST_H
#define SERVE_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OPTIONS, METHOD_OTHER };

/* X-Forwarded-For fields that are kept: proxies add to a field, or add a field each. */
#define HTTP_FORWARDED 4

/* An absent field has p NULL; a field that came twice although only one makes sense is empty. */
struct http_request {
	enum method method;
	int minor;         /* of HTTP/1.minor: 0 or 1 */
	struct span line;  /* the request line, for the log */
	struct span path;  /* as sent: percent-encoded */
	struct span query; /* behind its "?", or empty */
	struct span host;  /* of an absolute URI, else of the Host field */
	struct span range;
	struct span if_range;
	struct span if_match;
	struct span if_none_match;
	struct span user_agent;
	struct span forwarded_for[HTTP_FORWARDED]; /* the last X-Forwarded-For fields */
	size_t nforwarded;
	struct span authorization;
	struct span
		forwarded_proto; /* X-Forwarded-Proto of a proxy that ends TLS, or a claim of it */
	bool keep_alive;         /* the client wants to send more requests */
	bool expects_continue;   /* waits for 100 before it sends the body */
	bool chunked;            /* a body of unknown length follows */
	int64_t body;            /* length of the body that follows, in bytes; 0 when chunked */
};

/*
 * Reads the head at the front of `in`. Gives its length in bytes (with the empty line that ends
 * it), 0 when more bytes are needed, or the negated status to refuse it with: 400, 414, 431, 501,
 * 505; after these the connection must be closed. *seen is how far earlier calls with a shorter
 * `in` have searched; 0 at first.
 */
int http_request_parse(struct http_request *r, struct span in, size_t *seen);

/* Whether a list of entity tags (RFC 9110, 8.8.3 and 13.1) holds `tag`, which comes without quotes;
 * "*" holds every tag. A weak one counts unless `strong`. Tags without quotes are understood
 * too. */
bool http_request_has_tag(struct span list, struct span tag, bool strong);

#endif
