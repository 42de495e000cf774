/*
 * options_pool - options of images, kept once for all lines that say the same.
 *
 * Lists of 200,000 lines exist, and most of their lines have the options of the line before.
 *
 * Calling order: options_pool_keep() as often as needed; then options_pool_release().
 */
#ifndef OCI_LISTS_OPTIONS_POOL_H
#define OCI_LISTS_OPTIONS_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct image_options;

struct options_pool {
	struct image_options **v;
	size_t n, cap;
	bool owns_texts; /* else they are lent to the pool, and outlive it */
};

/* Options that mean the same as *o; valid as long as the pool. A pool that owns its texts takes
 * those of *o. Only the newest options of the pool are compared, so options may be kept twice. */
const struct image_options *options_pool_keep(struct options_pool *pool, struct image_options *o);
void options_pool_release(struct options_pool *pool);

#endif
