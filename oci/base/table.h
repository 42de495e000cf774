/*
 * table - values found by a text: a digest, a reference, a host.
 *
 * Keys are lent: each must live as long as it is in the table, normally inside the value. A lookup
 * takes constant time; servers and clients cannot choose keys that collide, since each table has a
 * random salt.
 */
#ifndef OCI_BASE_TABLE_H
#define OCI_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_slot {
	const char *key; /* NULL: free */
	void *value;
	uint64_t hash;
};

struct table {
	struct table_slot *slots;
	size_t n, cap; /* cap is a power of two, or 0 */
	uint64_t salt;
};

#define TABLE_INIT                                                                                 \
	{                                                                                          \
		.slots = NULL                                                                      \
	}

/* Frees the table, not its values, which are the caller's. It is empty afterwards. */
void table_release(struct table *t);
/* The same, after free_value() was called for each value, in no order: `table_clear(&t, free)`. */
void table_clear(struct table *t, void (*free_value)(void *value));

/* The value, or NULL. */
void *table_get(const struct table *t, const char *key);
/* Adds or replaces; gives the value that is replaced, or NULL. value is not NULL. */
void *table_put(struct table *t, const char *key, void *value);
/* Removes the key; gives its value, or NULL. */
void *table_remove(struct table *t, const char *key);

/* Gives one value after the other, in no order, and NULL at the end: *at starts at 0. During a walk
 * nothing may be added or removed. */
void *table_next(const struct table *t, size_t *at);

#endif
