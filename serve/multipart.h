/*
 * multipart - the body of a reply with several ranges: multipart/byteranges (RFC 9110, 14.6; RFC
 * 2046, 5.1.1).
 *
 *	--BOUNDARY CRLF  head of the part CRLF CRLF  bytes  CRLF
 *	...
 *	--BOUNDARY-- CRLF
 *
 * The boundary is the content's own digest, in hexadecimal: content that has it in it cannot be
 * made, so no part can look like the end of itself. The heads are written one at a time, when their
 * part is due, so that a connection keeps positions only.
 *
 *	m = multipart_new(&set, digest, media_type, size)
 *	multipart_length(m)                 the Content-Length of the reply
 *	multipart_type(m, text)             its Content-Type
 *	while (multipart_head(m, text, &n, &range)) send text, then the bytes of the range
 *	send text                           the end of the body
 */
#ifndef SERVE_MULTIPART_H
#define SERVE_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/range.h"

/* Longest boundary (RFC 2046: 70), head of a part, and media type, each with its NUL. */
#define MULTIPART_BOUNDARY 65
#define MULTIPART_HEAD     384
#define MULTIPART_TYPE     (MULTIPART_BOUNDARY + 40)

struct multipart;

/* NULL when there is no memory for it. Copies the set. digest ("sha256:...") and media_type (of at
 * most 127 characters) are those of the content, size its length; media_type is lent and must live
 * as long as the result. */
struct multipart *multipart_new(const struct range_set *set, const char *digest,
				const char *media_type, int64_t size);
/* Ranges that are joined: nothing stands before, between and behind them. */
struct multipart *multipart_joined(const struct range *v, size_t n);
void multipart_free(struct multipart *m);

/* Bytes of the whole body. */
int64_t multipart_length(const struct multipart *m);
/* Bytes of the parts, and of the lines around them, that multipart_head() has not given yet. */
int64_t multipart_left(const struct multipart *m);

void multipart_type(const struct multipart *m, char out[static MULTIPART_TYPE]);

/* Writes what comes next: the head of a part, whose range is given; or, after the last, the end of
 * the body, once, with the result false. *n is the length of the text. */
bool multipart_head(struct multipart *m, char out[static MULTIPART_HEAD], size_t *n,
		    struct range *r);

#endif
