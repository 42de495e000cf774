/* What is taken for user and password can be looked up and hashed: a valid name, no NUL inside. */
#include "serve/credentials.h"

#include <stdint.h>
#include <stdlib.h>

#include "serve/htpasswd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct credentials *c, struct span in)
{
	switch (c->kind) {
	case CREDENTIALS_BASIC:
		if (!htpasswd_valid_name(span_str(c->user)) || strlen(c->password) > LIMIT_PASSWORD)
			abort();
		break;
	case CREDENTIALS_BEARER:
		if (!c->token.n || c->token.p < in.p || c->token.p + c->token.n > in.p + in.n)
			abort();
		break;
	case CREDENTIALS_NONE:
	case CREDENTIALS_ODD: break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span in = span_of((const char *)data, n);
	struct credentials c;
	bool scoped;

	credentials_of_field(&c, in);
	check(&c, in);
	credentials_of_form(&c, in, &scoped);
	if (c.kind == CREDENTIALS_BEARER)
		abort();
	check(&c, in);
	return 0;
}
