/* A digest that parses is exactly its text, and names a file below blobs/. */
#include "oci/image/digest.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[DIGEST_PATH];
	struct digest d;
	struct err err;

	if (digest_parse(&d, span_of((const char *)data, n), &err) < 0)
		return 0;
	if (strlen(d.str) != n || memcmp(d.str, data, n) != 0)
		abort();
	digest_path(&d, path);
	if (strlen(path) != strlen("blobs/") + n || strstr(path, ".."))
		abort();
	return 0;
}
