#include "serve/address_counts.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "serve/address_key.h"

struct address_count {
	int64_t most;
	int64_t refused;      /* connections that wait for a 429; under the lock */
	_Atomic int64_t open; /* with a place; changed under the lock */
	_Atomic int64_t idle; /* of them */
	char key[ACCESS_LOG_PEER];
};

void address_counts_release(struct address_counts *a)
{
	table_clear(&a->table, free);
	pthread_mutex_destroy(&a->lock);
}

static struct address_count *find_count(struct address_counts *a, const char *key)
{
	struct address_count *count = table_get(&a->table, key);

	if (count)
		return count;
	count = xcalloc(1, sizeof(*count));
	count->most = a->most;
	memcpy(count->key, key, sizeof(count->key));
	table_put(&a->table, count->key, count);
	return count;
}

static enum address_place find_place(struct address_count *c)
{
	int64_t open = atomic_load(&c->open), over = open - c->most;

	if (over < 0 || (over < c->most && atomic_load(&c->idle) > over)) {
		atomic_store(&c->open, open + 1);
		return over < 0 ? ADDRESS_PLACE : ADDRESS_IDLE;
	}
	if (c->refused == c->most)
		return ADDRESS_CLOSED;
	c->refused++;
	return ADDRESS_REFUSED;
}

enum address_place address_counts_enter(struct address_counts *a, const char *peer,
					struct address_count **count)
{
	enum address_place place;
	char key[ACCESS_LOG_PEER] = "";

	*count = NULL;
	if (a->most < 0 || !address_key(peer, key))
		return ADDRESS_PLACE;
	pthread_mutex_lock(&a->lock);
	*count = find_count(a, key);
	place = find_place(*count);
	pthread_mutex_unlock(&a->lock);
	if (place == ADDRESS_CLOSED)
		*count = NULL;
	return place;
}

void address_counts_leave(struct address_counts *a, struct address_count *count, bool refused)
{
	if (!count)
		return;
	pthread_mutex_lock(&a->lock);
	if (refused)
		count->refused--;
	else
		atomic_fetch_sub(&count->open, 1);
	if (!count->refused && !atomic_load(&count->open)) {
		table_remove(&a->table, count->key);
		free(count);
	}
	pthread_mutex_unlock(&a->lock);
}

void address_count_idle(struct address_count *count, int change)
{
	atomic_fetch_add(&count->idle, change);
}

bool address_count_is_over(const struct address_count *count)
{
	return atomic_load(&count->open) > count->most;
}
