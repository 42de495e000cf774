/* Whatever a credentials file holds, what is found in it is whole, and nothing of it stands in a
 * message. The last line is the host and path that are looked up. */
#include "oci/auth/authfile.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void look_up(const struct authfile *f, const char *line)
{
	cleanup_free char *host = authfile_key(line);
	const struct credential *c = NULL;
	struct err err;

	host[strcspn(host, "/")] = '\0';
	authfile_helper(f, host);
	authfile_store(f);
	if (authfile_find(f, host, "org/app", &c, &err) == 0 && c &&
	    (c->kind == CREDENTIAL_NONE || !c->user || !c->secret))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span json = span_of((const char *)data, n);
	cleanup_free char *line = NULL;
	struct authfile *f;
	struct err err;

	while (json.n && json.p[json.n - 1] != '\n')
		json.n--;
	line = xstrndup(json.p + json.n, n - json.n);
	f = authfile_parse("f", n % 8 ? AUTHFILE_CONFIG : AUTHFILE_DOCKERCFG, json, &err);
	if (f)
		look_up(f, line);
	authfile_free(f);
	return 0;
}
