/*
 * answer_head - the status line and headers of an answer, line by line as they arrive, and what may
 * come like them: interim answers (1xx) before, and trailers behind the body (RFC 9110, 6.5 and
 * 15.2). Each has a ceiling.
 */
#ifndef OCI_HTTP_ANSWER_HEAD_H
#define OCI_HTTP_ANSWER_HEAD_H

#include <stddef.h>

#include "oci/base/buf.h"
#include "oci/base/span.h"

struct err;

struct answer_head {
	struct buf lines; /* of the answer, or of an interim one so far */
	unsigned interim; /* interim answers before it */
	size_t trailers;  /* bytes of them */
};

void answer_head_init(struct answer_head *h);
void answer_head_release(struct answer_head *h);
/* For the next answer. */
void answer_head_clear(struct answer_head *h);

/* A line came: 1 when it ends the headers, which may be those of an interim answer; 0 when more
 * come; -1 with INVALID when they are too many. */
int answer_head_add(struct answer_head *h, struct span line, struct err *err);
/* n bytes of trailers came: 0, or -1 with INVALID when they are too many. */
int answer_head_add_trailer(struct answer_head *h, size_t n, struct err *err);

#endif
