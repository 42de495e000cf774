#include "sync/second_try.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/store/layout.h"
#include "sync/lanes.h"
#include "sync/run.h"

static void start_over(struct target *t)
{
	free(take(t->error));
	free(take(t->warning));
	t->state = STATE_PENDING;
	t->why = ERR_NONE;
	free(take(t->lacked));
}

bool second_try_queue(struct run *r, struct lanes *lanes)
{
	size_t n = 0;

	if (r->outcome.stopped || r->options->dry_run || r->options->observe)
		return false;
	for (size_t i = 0; i < r->outcome.targets.n; i++) {
		struct target *t = r->outcome.targets.v[i];

		if (t->state != STATE_FAILED || !t->lacked ||
		    !layout_has(&r->layout, t->lacked, -1))
			continue;
		start_over(t);
		r->outcome.decided--;
		lanes_add(lanes, t);
		n++;
	}
	return n > 0;
}
