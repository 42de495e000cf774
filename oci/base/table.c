#include "oci/base/table.h"

#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include "oci/base/cleanup.h"

/*
 * Open addressing, linear probing, at most two thirds full. Removal moves later slots of the same
 * run back, so that there are no tombstones.
 */

/* FNV-1a from a secret start, mixed at the end (splitmix64): good spread, and the salt keeps chosen
 * keys from colliding. */
static uint64_t hash_of(const struct table *t, const char *key)
{
	uint64_t h = t->salt ^ UINT64_C(0xcbf29ce484222325);

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
	h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
	return h ^ (h >> 31);
}

static struct table_slot *find_slot(const struct table *t, const char *key, uint64_t hash)
{
	size_t i = hash & (t->cap - 1);

	while (t->slots[i].key && (t->slots[i].hash != hash || strcmp(t->slots[i].key, key) != 0))
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

static void grow_slots(struct table *t)
{
	struct table old = *t;

	if (!old.cap && getrandom(&t->salt, sizeof(t->salt), GRND_NONBLOCK) < 0)
		t->salt = (uint64_t)(uintptr_t)t; /* before the kernel has entropy */
	t->cap = old.cap ? old.cap * 2 : 16;
	t->slots = xcalloc(t->cap, sizeof(*t->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key)
			*find_slot(t, old.slots[i].key, old.slots[i].hash) = old.slots[i];
	free(old.slots);
}

void table_release(struct table *t)
{
	free(t->slots);
	*t = (struct table)TABLE_INIT;
}

void table_clear(struct table *t, void (*free_value)(void *value))
{
	void *value;

	for (size_t at = 0; (value = table_next(t, &at));)
		free_value(value);
	table_release(t);
}

void *table_get(const struct table *t, const char *key)
{
	return t->cap ? find_slot(t, key, hash_of(t, key))->value : NULL;
}

void *table_put(struct table *t, const char *key, void *value)
{
	struct table_slot *slot;
	uint64_t hash;
	void *old;

	if (t->n + 1 > t->cap / 3 * 2)
		grow_slots(t);
	hash = hash_of(t, key);
	slot = find_slot(t, key, hash);
	old = slot->value;
	t->n += slot->key == NULL;
	*slot = (struct table_slot){ .key = key, .value = value, .hash = hash };
	return old;
}

/* Whether the slot at `at`, whose home is `home`, may not be moved back into the hole. */
static bool slot_stays(size_t hole, size_t at, size_t home)
{
	return hole <= at ? home > hole && home <= at : home > hole || home <= at;
}

void *table_remove(struct table *t, const char *key)
{
	struct table_slot *slot;
	size_t mask = t->cap - 1, hole;
	void *value;

	if (!t->cap)
		return NULL;
	slot = find_slot(t, key, hash_of(t, key));
	if (!slot->key)
		return NULL;
	value = slot->value;
	hole = (size_t)(slot - t->slots);
	for (size_t at = (hole + 1) & mask; t->slots[at].key; at = (at + 1) & mask) {
		if (slot_stays(hole, at, t->slots[at].hash & mask))
			continue;
		t->slots[hole] = t->slots[at];
		hole = at;
	}
	t->slots[hole] = (struct table_slot){ .key = NULL };
	t->n--;
	return value;
}

void *table_next(const struct table *t, size_t *at)
{
	while (*at < t->cap)
		if (t->slots[(*at)++].key)
			return t->slots[*at - 1].value;
	return NULL;
}
