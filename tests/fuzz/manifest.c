/* Any bytes as a manifest, and every reader of its descriptors. */
#include "oci/image/manifest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err err;

	if (manifest_parse(&m, span_of((const char *)data, n), MEDIA_OCI_MANIFEST, &err) < 0)
		return 0;
	if (media_type_kind(m.media_type) != m.kind)
		abort();
	for (size_t i = 0; i < m.n; i++) {
		cleanup_free char *inside = descriptor_data(&m.below[i]),
				  *urls = descriptor_urls(&m.below[i]);

		manifest_wanted(&m, i, "linux/amd64,linux/arm/v7");
		if (urls && (!*urls || strpbrk(urls, "\n\t")))
			abort();
		if (m.below[i].size < 0 || (inside && m.below[i].size == 0 && inside[0]))
			abort();
	}
	return 0;
}
