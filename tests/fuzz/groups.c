/* Whoever a group has stands in the file, by that name. */
#include "serve/groups.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span text = span_of((const char *)data, n);
	struct groups g;
	struct err err;

	if (groups_parse(&g, "f", text, &err) < 0) {
		if (strncmp(err.msg, "f:", 2) != 0)
			abort();
		return 0;
	}
	if (groups_has(&g, "team-a", "ann") &&
	    (!memmem(text.p, text.n, "team-a", 6) || !memmem(text.p, text.n, "ann", 3)))
		abort();
	if (groups_has(&g, "", "ann") || groups_has(&g, "team-a", ""))
		abort();
	groups_release(&g);
	return 0;
}
