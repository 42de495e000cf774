#include "serve/line_limit.h"

#include "oci/base/clock.h"

bool line_limit_take(struct line_limit *l, unsigned n, int64_t now, unsigned long *more)
{
	bool may;

	pthread_mutex_lock(&l->lock);
	if (now - l->since >= CLOCK_SEC) {
		l->since = now;
		l->lines = 0;
	}
	may = l->lines < l->most;
	*more = may ? l->left_out + n - 1 : 0;
	l->left_out = may ? 0 : l->left_out + n;
	l->lines += may;
	pthread_mutex_unlock(&l->lock);
	return may;
}
