/* Bytes that we did not sign are no good token, and what we signed is one: whatever its user. */
#include "serve/token.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "serve/htpasswd.h"

#define NOW ((time_t)1795000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_own(const struct token_keys *k, struct span name)
{
	cleanup_by(buf_release) struct buf t = BUF_INIT(4096);
	cleanup_free char *text = xstrndup(name.p, name.n);
	char user[LIMIT_USER + 1];

	token_make(k, text, NOW, &t);
	if (token_read(k, buf_span(&t), NOW, user) != TOKEN_GOOD || strcmp(user, text) != 0)
		abort();
	t.p[(unsigned char)text[0] % t.n] ^= 1;
	if (token_read(k, buf_span(&t), NOW, user) == TOKEN_GOOD)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char key[] = "0123456789abcdef0123456789abcdef";
	struct span text = span_of((const char *)data, n);
	struct token_keys k, ignored;
	char user[LIMIT_USER + 1];
	struct err err;

	if (token_keys_parse(&k, "f", span_str(key), &err) < 0 ||
	    token_read(&k, text, NOW, user) != TOKEN_FOREIGN)
		abort();
	if (htpasswd_valid_name(text) && !memchr(text.p, '\0', text.n))
		check_own(&k, text);
	if (token_keys_parse(&ignored, "f", text, &err) == 0 && !ignored.n)
		abort();
	return 0;
}
