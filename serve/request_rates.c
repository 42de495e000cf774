#include "serve/request_rates.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "serve/address_key.h"

struct bucket {
	int64_t full; /* when it is full again: each request moves that by a part of a second */
	char key[ACCESS_LOG_PEER];
};

void request_rates_release(struct request_rates *r)
{
	table_clear(&r->table, free);
	pthread_mutex_destroy(&r->lock);
}

/* Forgets the full buckets. When that frees less than half of the room, all are forgotten: so a
 * walk through the table comes after many requests only. */
static void make_room(struct request_rates *r, int64_t now)
{
	struct table kept = TABLE_INIT;
	struct bucket *b;
	size_t at = 0;

	while ((b = table_next(&r->table, &at))) {
		if (b->full > now)
			table_put(&kept, b->key, b);
		else
			free(b);
	}
	table_release(&r->table);
	if (kept.n > LIMIT_RATE_ADDRESSES / 2)
		table_clear(&kept, free);
	r->table = kept;
}

static struct bucket *find_bucket(struct request_rates *r, const char *key, int64_t now)
{
	struct bucket *b = table_get(&r->table, key);

	if (b)
		return b;
	if (r->table.n >= LIMIT_RATE_ADDRESSES)
		make_room(r, now);
	b = xcalloc(1, sizeof(*b));
	memcpy(b->key, key, sizeof(b->key));
	table_put(&r->table, b->key, b);
	return b;
}

static bool take_from(struct bucket *b, int64_t most, int64_t now)
{
	const int64_t one = CLOCK_SEC / most;

	if (b->full < now)
		b->full = now;
	if (b->full - now > (most - 1) * one)
		return false;
	b->full += one;
	return true;
}

bool request_rates_take(struct request_rates *r, const char *client, int64_t now)
{
	char key[ACCESS_LOG_PEER] = "";
	bool taken;

	if (r->most < 0 || !address_key(client, key))
		return true;
	pthread_mutex_lock(&r->lock);
	taken = take_from(find_bucket(r, key, now), r->most, now);
	pthread_mutex_unlock(&r->lock);
	return taken;
}
