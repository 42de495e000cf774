#include "sync/pattern.h"

#include <string.h>

#include "oci/base/span.h"
#include "oci/image/glob.h"

/* A pattern without its tag part: what follows the last ":" after the last "/". */
static struct span name_part(struct span p)
{
	const char *slash = memrchr(p.p, '/', p.n), *colon = memrchr(p.p, ':', p.n);

	return colon && (!slash || colon > slash) ? span_of(p.p, (size_t)(colon - p.p)) : p;
}

bool pattern_matches(const char *pattern, const struct ref *target, bool name_only)
{
	struct span p = span_str(pattern);

	return glob_match_ref(name_only ? name_part(p) : p, target);
}
