#include "oci/lists/options_pool.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/lists/image_options.h"

/* Lines alternate between few kinds: a base image, a tool, an image of one platform. */
#define COMPARED 8

const struct image_options *options_pool_keep(struct options_pool *pool, struct image_options *o)
{
	for (size_t i = pool->n; i-- > 0 && pool->n - i <= COMPARED;) {
		if (!image_options_same(pool->v[i], o))
			continue;
		if (pool->owns_texts)
			image_options_release(o);
		return pool->v[i];
	}
	pool->v = xgrow(pool->v, pool->n, &pool->cap, sizeof(struct image_options *));
	pool->v[pool->n] = xmalloc(sizeof(*o));
	*pool->v[pool->n] = *o;
	return pool->v[pool->n++];
}

void options_pool_release(struct options_pool *pool)
{
	for (size_t i = 0; i < pool->n; i++) {
		if (pool->owns_texts)
			image_options_release(pool->v[i]);
		free(pool->v[i]);
	}
	free(pool->v);
	*pool = (struct options_pool){ .owns_texts = pool->owns_texts };
}
