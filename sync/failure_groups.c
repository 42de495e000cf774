#include "sync/failure_groups.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "sync/outcome.h"

struct reason {
	const struct target *first;
	size_t more;
};

static bool has_failed(const struct target *t)
{
	return target_row(t)->is_failed && t->error;
}

static bool is_of_host(const struct target *t)
{
	return t->why == ERR_NET || t->why == ERR_LIMIT;
}

static void count_failure(struct failure_groups *g, const struct target *t)
{
	struct reason *reason = table_get(&g->by_text, t->error);

	if (reason) {
		reason->more++;
		return;
	}
	reason = xcalloc(1, sizeof(*reason));
	reason->first = t;
	table_put(&g->by_text, t->error, reason);
}

void failure_groups_collect(struct failure_groups *g, const struct outcome *o)
{
	for (size_t i = 0; i < o->targets.n; i++)
		if (has_failed(o->targets.v[i]) && is_of_host(o->targets.v[i]))
			count_failure(g, o->targets.v[i]);
}

void failure_groups_release(struct failure_groups *g)
{
	table_clear(&g->by_text, free);
}

bool failure_groups_tell(const struct failure_groups *g, const struct target *t, size_t *more)
{
	const struct reason *reason;

	*more = 0;
	if (!has_failed(t))
		return false;
	if (!is_of_host(t))
		return true;
	reason = table_get(&g->by_text, t->error);
	*more = reason->more;
	return reason->first == t;
}
