#include "oci/http/pace.h"

#include "oci/base/clock.h"
#include "oci/base/err.h"

void pace_init(struct pace *p, int64_t rate, long seconds)
{
	*p = (struct pace){ .least = rate * seconds, .window = seconds * CLOCK_SEC };
}

void pace_add(struct pace *p, size_t n)
{
	p->bytes += (int64_t)n;
}

bool pace_pass(struct pace *p, int64_t nanoseconds)
{
	bool slow;

	p->elapsed += nanoseconds;
	if (p->elapsed < p->window)
		return false;
	slow = p->bytes < p->least;
	p->slow = slow ? p->slow + 1 : 0;
	p->elapsed = p->bytes = 0;
	return slow;
}

int pace_error(const struct pace *p, struct err *err)
{
	const int64_t seconds = p->window / CLOCK_SEC;

	return err_set(err, ERR_NET, 0, "less than %lld kB/s came for %lld s",
		       (long long)(p->least / seconds / 1000), (long long)seconds);
}
