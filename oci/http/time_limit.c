#include "oci/http/time_limit.h"

#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/http/net_options.h"

/* A limit in seconds, or the shorter one that the options have. */
static long shorter(long seconds, long option)
{
	return option > 0 && option < seconds ? option : seconds;
}

static bool is_longer(int64_t nanoseconds, long seconds)
{
	return nanoseconds >= seconds * CLOCK_SEC;
}

bool time_limit_is_over(const struct time_limit *t, const struct net_options *o, struct err *err)
{
	long head = shorter(LIMIT_HEAD_SECONDS, o->deadline_seconds);
	long whole = shorter(t->seconds, o->deadline_seconds);

	if (t->heard >= 0 && is_longer(t->now - t->heard, o->stall_seconds))
		err_set(err, ERR_NET, 0, "nothing came for %ld s", o->stall_seconds);
	else if (!t->answered && is_longer(t->now - t->started, head))
		err_set(err, ERR_NET, 0, "the headers were not complete after %ld s", head);
	else if (whole && is_longer(t->now - t->started, whole))
		err_set(err, ERR_NET, 0, "the answer was not complete after %ld s", whole);
	else
		return false;
	return true;
}

bool time_limit_asks(const struct time_limit *t, const struct net_options *o)
{
	return t->answered &&
	       is_longer(t->now - t->asked, shorter(LIMIT_TRAILERS_SECONDS, o->deadline_seconds));
}
