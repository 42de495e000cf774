#include "oci/http/answer_head.h"

#include "oci/base/err.h"
#include "oci/base/limits.h"

void answer_head_init(struct answer_head *h)
{
	*h = (struct answer_head){ .interim = 0 };
	buf_init(&h->lines, LIMIT_HTTP_HEADERS);
}

void answer_head_release(struct answer_head *h)
{
	buf_release(&h->lines);
}

void answer_head_clear(struct answer_head *h)
{
	buf_clear(&h->lines);
	h->interim = 0;
	h->trailers = 0;
}

static int refuse_size(struct err *err)
{
	return err_set(err, ERR_INVALID, 0, "the answer's headers are larger than %lu KiB",
		       LIMIT_HTTP_HEADERS / KIB);
}

int answer_head_add(struct answer_head *h, struct span line, struct err *err)
{
	if (span_starts(line, "HTTP/")) {
		h->interim += h->lines.n > 0;
		buf_clear(&h->lines);
	}
	if (h->interim > LIMIT_HTTP_INTERIM)
		return err_set(err, ERR_INVALID, 0,
			       "sent more than %d interim answers (1xx) and no other",
			       LIMIT_HTTP_INTERIM);
	if (!buf_add(&h->lines, line.p, line.n))
		return refuse_size(err);
	return line.n <= 2 && span_ends(line, "\n") ? 1 : 0;
}

int answer_head_add_trailer(struct answer_head *h, size_t n, struct err *err)
{
	h->trailers += n;
	return h->trailers > LIMIT_HTTP_HEADERS ? refuse_size(err) : 0;
}
