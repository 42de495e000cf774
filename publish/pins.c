#include "publish/pins.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/store/index.h"
#include "publish/mirror.h"
#include "publish/snapshots.h"

struct counting {
	struct pins *pins;
	struct blob_map *map;
	uint32_t *reached; /* of objects: by how many entries; two are as good as more */
	bool *listed;      /* ... by one that is no pin */
	uint32_t mark;
};

static bool is_pin(const struct entry *e)
{
	return entry_annotation(e, ANNOTATION_SNAPSHOT_OF) ||
	       entry_annotation(e, ANNOTATION_UNLISTED_SINCE);
}

/* What the entry reaches is in map->walked afterwards. */
static size_t walk_entry(struct counting *c, const struct entry *e)
{
	uint32_t object = served_find(&c->map->table, e->digest.str);

	return object ? blob_map_walk(c->map, object, ++c->mark) : 0;
}

static void reach_entry_blobs(struct counting *c, const struct entry *e)
{
	size_t n = walk_entry(c, e);

	for (size_t i = 0; i < n; i++) {
		uint32_t object = c->map->walked[i];

		c->reached[object] += c->reached[object] < 2;
		c->listed[object] = c->listed[object] || !is_pin(e);
	}
}

static void add_pin(struct counting *c, const struct entry *e)
{
	struct pins *p = c->pins;
	const char *of = entry_annotation(e, ANNOTATION_SNAPSHOT_OF);
	const struct entry *tag = of ? index_find(&c->map->mirror->index, of) : NULL;
	struct pin pin = { .entry = e, .limits = tag ? tag : e };
	size_t n = walk_entry(c, e);

	for (size_t i = 0; i < n; i++) {
		uint64_t bytes = blob_map_bytes(c->map, c->map->walked[i]);

		pin.all += bytes;
		if (c->reached[c->map->walked[i]] == 1)
			pin.own += bytes;
	}
	p->v = xgrow(p->v, p->n, &p->cap, sizeof(*p->v));
	p->v[p->n++] = pin;
}

/* The place of each snapshot among those of its tag. */
static void number_snapshots(struct pins *p, const struct index *x)
{
	cleanup_free struct entry **v = NULL;
	const char *of = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		const char *now = entry_annotation(p->v[i].entry, ANNOTATION_SNAPSHOT_OF);

		if (!now)
			continue;
		if (!of || strcmp(of, now) != 0) {
			free(take(v));
			n = snapshots_of(x, now, &v);
			of = now;
		}
		for (size_t k = 0; k < n && !p->v[i].nth; k++)
			if (v[k] == p->v[i].entry)
				p->v[i].nth = k + 1;
	}
}

static int order_pins(const void *pa, const void *pb)
{
	const struct pin *a = pa, *b = pb;

	if (a->own != b->own)
		return a->own < b->own ? 1 : -1;
	return strcmp(a->entry->ref, b->entry->ref);
}

void pins_count(struct pins *p, struct blob_map *map)
{
	const struct index *x = &map->mirror->index;
	cleanup_free uint32_t *reached = xcalloc(map->table.nobjects, sizeof(*reached));
	cleanup_free bool *listed = xcalloc(map->table.nobjects, sizeof(*listed));
	struct counting c = { .pins = p, .map = map, .reached = reached, .listed = listed };

	*p = (struct pins){ .v = NULL };
	for (size_t i = 0; i < x->n; i++)
		reach_entry_blobs(&c, x->v[i]);
	for (size_t i = 0; i < x->n; i++)
		if (is_pin(x->v[i]))
			add_pin(&c, x->v[i]);
	for (uint32_t i = 1; i < map->table.nobjects; i++)
		if (reached[i] && !listed[i])
			p->together += blob_map_bytes(map, i);
	number_snapshots(p, x);
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), order_pins);
}

void pins_release(struct pins *p)
{
	free(p->v);
	*p = (struct pins){ .v = NULL };
}
