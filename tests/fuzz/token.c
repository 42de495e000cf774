/* A token that is taken can stand in a header and lives for a while; a password never stands in a
 * message. */
#include "oci/auth/token.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/auth/credential.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_by(token_release) struct token t = TOKEN_INIT;
	struct span body = span_of((const char *)data, n);
	char user[] = "ann", secret[] = "hunter2-secret", from[] = "f";
	const struct credential sent = { CREDENTIAL_BASIC, user, secret, from };
	struct err err;

	if (token_parse(&t, body, &sent, CLOCK_SEC, &err) == 0) {
		if (!*t.text || strpbrk(t.text, " \r\n") || t.expires < 61 * CLOCK_SEC ||
		    !token_fresh(&t, CLOCK_SEC))
			abort();
	} else if (strstr(err.msg, secret)) {
		abort();
	}
	token_refused(n ? 300 + data[0] : 500, body, &sent, &err);
	if (strstr(err.msg, secret))
		abort();
	return 0;
}
