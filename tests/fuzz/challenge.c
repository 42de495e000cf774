/* A challenge that is chosen can be answered: a Bearer's realm stands in a URL, no text ends
 * early. */
#include "oci/auth/challenge.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Each line is a header. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_by(challenge_release) struct challenge c = CHALLENGE_INIT;
	struct span rest = span_of((const char *)data, n), headers[8];
	size_t lines = 0;
	struct err err;

	while (lines < 8 && span_cut(&rest, '\n', &headers[lines]))
		lines++;
	if (challenge_read(&c, headers, lines, &err) < 0)
		return 0;
	if (!c.realm || !c.service || !c.scope)
		abort();
	if (c.scheme == CHALLENGE_BEARER && (!*c.realm || strpbrk(c.realm, " \t\r\n")))
		abort();
	return 0;
}
