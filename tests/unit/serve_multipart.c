#include "serve/multipart.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "tests/tap.h"

#define HEX     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CONTENT "abcdefghijklmnopqrstuvwxyz"
#define SIZE    26

static const struct row {
	const char *name;
	const char *digest;
	struct range_set set;
	const char *body;
} rows[] = {
	{ "two parts, in the order asked",
	  "sha256:" HEX,
	  { .n = 2, .v = { { 20, 25 }, { 0, 0 } } },
	  "--" HEX "\r\nContent-Type: a/b\r\nContent-Range: bytes 20-25/26\r\n\r\nuvwxyz\r\n"
	  "--" HEX "\r\nContent-Type: a/b\r\nContent-Range: bytes 0-0/26\r\n\r\na\r\n"
	  "--" HEX "--\r\n" },
	{ "one part of several",
	  "sha256:" HEX,
	  { .n = 1, .v = { { 1, 2 } } },
	  "--" HEX "\r\nContent-Type: a/b\r\nContent-Range: bytes 1-2/26\r\n\r\nbc\r\n"
	  "--" HEX "--\r\n" },
	{ "a boundary has 70 characters at most",
	  "sha512:" HEX HEX,
	  { .n = 1, .v = { { 0, 2 } } },
	  "--" HEX "\r\nContent-Type: a/b\r\nContent-Range: bytes 0-2/26\r\n\r\nabc\r\n"
	  "--" HEX "--\r\n" },
};

/* The whole body; what is left goes down by what was given. */
static void write_body(struct multipart *m, struct buf *b, bool *counts)
{
	char head[MULTIPART_HEAD];
	struct range r;
	bool more;
	size_t n;

	do {
		int64_t before = multipart_left(m), given;

		more = multipart_head(m, head, &n, &r);
		buf_add(b, head, n);
		if (more)
			buf_add(b, &CONTENT[r.first], (size_t)range_length(&r));
		given = (int64_t)n + (more ? range_length(&r) : 0);
		*counts &= before - multipart_left(m) == given;
	} while (more);
	*counts &= multipart_left(m) == 0 && !multipart_head(m, head, &n, &r) && n == 0;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct multipart *m = multipart_new(&r->set, r->digest, "a/b", SIZE);
		cleanup_by(buf_release) struct buf b = BUF_INIT(MIB);
		char type[MULTIPART_TYPE];
		bool counts = true;

		write_body(m, &b, &counts);
		CHECK_ROW((size_t)multipart_length(m) == b.n && counts, r->name);
		buf_addc(&b, '\0');
		CHECK_TEXT(b.p, r->body, r->name);
		multipart_type(m, type);
		CHECK_TEXT(type, "multipart/byteranges; boundary=" HEX, r->name);
		multipart_free(m);
	}
	return tap_done();
}
