#include "sync/allowance.h"

#include "oci/base/err.h"
#include "oci/cli/format.h"
#include "oci/lists/lists.h"
#include "sync/run.h"

static const struct policy *policy_of_line(const struct run *r, const struct list_image *line)
{
	return policies_for(&r->source->lists->conf.policies, line->file);
}

/* The largest max-bytes= of the lines; -1: one of them has no limit. */
static int64_t max_bytes(const struct run *r, const struct target *t)
{
	int64_t max = 0;

	for (size_t i = 0; i < target_lines(t); i++) {
		const struct policy *p = policy_of_line(r, target_line(t, i));

		if (!p || p->max_bytes < 0)
			return -1;
		max = p->max_bytes > max ? p->max_bytes : max;
	}
	return max;
}

int allowance_check_image(const struct run *r, const struct target *t, int64_t bytes,
			  struct err *err)
{
	const int64_t max = max_bytes(r, t);
	char needs[32], allowed[32];

	if (max < 0 || bytes <= max)
		return 0;
	format_bytes((uint64_t)bytes, needs, sizeof(needs));
	format_bytes((uint64_t)max, allowed, sizeof(allowed));
	return err_set(err, ERR_USAGE, 0,
		       "needs %s, more than the %s of the policy's max-bytes=", needs, allowed);
}
