/* A reference that parses prints as a canonical one that parses to the same, and holds nothing that
 * could leave a path. */
#include "oci/image/ref.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_by(ref_release) struct ref r = REF_INIT, again = REF_INIT;
	cleanup_free char *text = NULL, *twice = NULL;
	struct err err;

	if (ref_parse(&r, span_of((const char *)data, n), &err) < 0)
		return 0;
	text = ref_str(&r);
	/* a tag may have two dots (alpine:1..1): it has no slash, and does not begin with one */
	if (strstr(r.host, "..") || strstr(r.path, "..") || strstr(text, "//") ||
	    strpbrk(text, " \t\n%\\"))
		abort();
	if (r.tag && (r.tag[0] == '.' || strchr(r.tag, '/')))
		abort();
	if (ref_parse(&again, span_str(text), &err) < 0)
		abort();
	twice = ref_str(&again);
	if (strcmp(text, twice) != 0)
		abort();
	return 0;
}
