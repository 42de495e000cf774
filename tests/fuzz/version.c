/* Three lines: two versions and a range. Order is antisymmetric; a range that is exactly a version
 * takes it. */
#include "oci/image/version.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int sign(int c)
{
	return (c > 0) - (c < 0);
}

static void check_itself(struct span text, const struct version *v)
{
	struct err err;
	struct version_range *r = version_range_new(text, NULL, &err);

	if (!r || !version_in_range(r, v))
		abort();
	version_range_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span rest = span_of((const char *)data, n), a = SPAN_INIT, b = SPAN_INIT;
	struct version va, vb;
	struct version_range *r;
	struct err err;
	size_t at = 0;
	bool good;

	span_cut(&rest, '\n', &a);
	span_cut(&rest, '\n', &b);
	good = version_parse(&va, a) && version_parse(&vb, b);
	if (good && sign(version_cmp(&va, &vb)) != -sign(version_cmp(&vb, &va)))
		abort();
	if (good)
		check_itself(a, &va);
	if (!rest.p)
		return 0;
	r = version_range_new(rest, &at, &err);
	if (!r && at > rest.n)
		abort();
	if (r && good)
		version_in_range(r, &va);
	version_range_free(r);
	return 0;
}
