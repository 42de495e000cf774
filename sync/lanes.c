#include "sync/lanes.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "sync/target.h"

static struct lane *lane_of_host(struct lanes *lanes, const char *host)
{
	struct lane *lane;

	for (size_t i = 0; i < lanes->n; i++)
		if (strcmp(lanes->v[i]->host, host) == 0)
			return lanes->v[i];
	lane = xcalloc(1, sizeof(*lane));
	lane->host = xstrdup(host);
	lanes->v = xgrow(lanes->v, lanes->n, &lanes->cap, sizeof(struct lane *));
	lanes->v[lanes->n++] = lane;
	return lane;
}

void lanes_add(struct lanes *lanes, struct target *t)
{
	struct lane *lane = lane_of_host(lanes, t->source->host);

	lane->waiting = xgrow(lane->waiting, lane->n, &lane->cap, sizeof(struct target *));
	lane->waiting[lane->n++] = t;
}

static int by_checked(const void *a, const void *b)
{
	const struct target *x = *(struct target *const *)a, *y = *(struct target *const *)b;

	if (x->checked != y->checked)
		return x->checked < y->checked ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

void lanes_sort(struct lanes *lanes)
{
	for (size_t i = 0; i < lanes->n; i++) {
		struct lane *lane = lanes->v[i];

		if (lane->n > lane->next)
			qsort(lane->waiting + lane->next, lane->n - lane->next,
			      sizeof(struct target *), by_checked);
	}
}

void lanes_release(struct lanes *lanes)
{
	for (size_t i = 0; i < lanes->n; i++) {
		free(lanes->v[i]->host);
		free(lanes->v[i]->waiting);
		free(lanes->v[i]);
	}
	free(lanes->v);
	*lanes = (struct lanes){ .v = NULL };
}
