/* A pattern, and on the next line a text: as a glob, as a PATTERN over references, as a regular
 * expression. */
#include "oci/image/glob.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void as_reference(struct span pattern, struct span text)
{
	cleanup_by(ref_release) struct ref r = REF_INIT;
	struct err err;

	if (ref_parse(&r, text, &err) < 0)
		return;
	if (glob_match_ref(pattern, &r) && !glob_match_name(pattern, &r))
		abort();
	glob_check_ref(pattern, &err);
}

static void as_regex(struct span pattern, struct span text)
{
	struct err err;
	size_t at = 0;
	struct regex *re = regex_new(pattern, &at, &err);

	if (at > pattern.n)
		abort();
	if (re)
		regex_match(re, text, &err);
	regex_free(re);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span text = span_of((const char *)data, n), pattern = SPAN_INIT;

	span_cut(&text, '\n', &pattern);
	if (!text.p)
		return 0;
	if (!glob_has_wildcard(pattern) &&
	    glob_match(pattern, text) !=
		    (pattern.n == text.n && memcmp(pattern.p, text.p, text.n) == 0))
		abort();
	as_reference(pattern, text);
	as_regex(pattern, text);
	return 0;
}
