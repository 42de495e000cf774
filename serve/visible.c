#include "serve/visible.h"

#include <stddef.h>

#include "serve/answer.h"
#include "serve/state.h"

bool visible_repository(const struct exchange *x, const struct repository *r)
{
	return !r->group || asker_in_group(x, r->group);
}

bool visible_to_all(const struct exchange *x)
{
	return !x->access || x->state->npublic == x->state->n;
}
