#include "serve/visible.h"

#include <stddef.h>

#include "serve/state.h"

bool visible_repository(const struct exchange *x, const struct repository *r)
{
	(void)x;
	return r->group == NULL;
}
