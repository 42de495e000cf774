#include "publish/blob_graph.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "publish/layer_report.h"

/* In the arrays of parents: an entry, not a document. */
#define IS_ENTRY (UINT32_C(1) << 31)

static void free_blob(struct graph_blob *b)
{
	blob_check_release(&b->check);
	if (b->layer)
		layer_report_release(b->layer);
	free(b->layer);
	free(b);
}

void blob_graph_release(struct blob_graph *g)
{
	for (size_t i = 0; i < g->nblobs; i++)
		free_blob(g->blobs[i]);
	for (size_t i = 0; i < g->ndocuments; i++)
		free(g->documents[i]);
	table_release(&g->by_digest);
	table_release(&g->by_key);
	table_clear(&g->media_types, free);
	free(g->blobs);
	free(g->documents);
	free(g->links);
	free(g->roots);
	free(g->above_blob);
	free(g->above_document);
	free(g->parents_blob);
	free(g->parents_document);
	free(g->marks);
	*g = (struct blob_graph)BLOB_GRAPH_INIT;
}

/* ---- adding ---- */

/* Values of the tables are numbers, one more than they are: NULL is none. */
static void *number_value(uint32_t number)
{
	return (void *)((uintptr_t)number + 1);
}

static uint32_t value_number(const void *value)
{
	return value ? (uint32_t)((uintptr_t)value - 1) : BLOB_GRAPH_NONE;
}

uint32_t blob_graph_blob(struct blob_graph *g, const char *digest)
{
	uint32_t number = value_number(table_get(&g->by_digest, digest));
	struct graph_blob *b;

	if (number != BLOB_GRAPH_NONE)
		return number;
	b = xcalloc(1, sizeof(*b) + strlen(digest) + 1);
	b->document = BLOB_GRAPH_NONE;
	memcpy(b->digest, digest, strlen(digest) + 1);
	g->blobs = xgrow(g->blobs, g->nblobs, &g->blobs_cap, sizeof(struct graph_blob *));
	number = (uint32_t)g->nblobs;
	g->blobs[g->nblobs++] = b;
	table_put(&g->by_digest, b->digest, number_value(number));
	return number;
}

struct graph_blob *blob_graph_find(const struct blob_graph *g, const char *digest)
{
	uint32_t number = value_number(table_get(&g->by_digest, digest));

	return number == BLOB_GRAPH_NONE ? NULL : g->blobs[number];
}

/* One copy of each media type. */
static const char *keep_media_type(struct blob_graph *g, const char *type)
{
	char *kept = table_get(&g->media_types, type);

	if (!kept) {
		kept = xstrdup(type);
		table_put(&g->media_types, kept, kept);
	}
	return kept;
}

uint32_t blob_graph_document(struct blob_graph *g, const char *digest, const char *filter,
			     const char *media_type, uint32_t nesting, bool *is_new)
{
	cleanup_free char *key = xasprintf("%s %s", digest, filter);
	uint32_t number = value_number(table_get(&g->by_key, key)), blob;
	struct graph_document *d;

	*is_new = number == BLOB_GRAPH_NONE;
	if (!*is_new)
		return number;
	blob = blob_graph_blob(g, digest);
	d = xcalloc(1, sizeof(*d) + strlen(key) + 1);
	d->blob = blob;
	d->filter = filter;
	d->media_type = keep_media_type(g, media_type);
	d->nesting = nesting;
	memcpy(d->key, key, strlen(key) + 1);
	g->documents = xgrow(g->documents, g->ndocuments, &g->documents_cap, sizeof(*g->documents));
	number = (uint32_t)g->ndocuments;
	g->documents[g->ndocuments++] = d;
	table_put(&g->by_key, d->key, number_value(number));
	d->same = g->blobs[blob]->document;
	g->blobs[blob]->document = number;
	return number;
}

void blob_graph_root(struct blob_graph *g, struct graph_link link)
{
	g->roots = xgrow(g->roots, g->nroots, &g->roots_cap, sizeof(*g->roots));
	g->roots[g->nroots++] = link;
	g->blobs[link.blob]->is_needed = true;
}

void blob_graph_below(struct blob_graph *g, uint32_t document, const struct graph_link *links,
		      size_t n)
{
	struct graph_document *d = g->documents[document];

	d->links = g->nlinks;
	d->nlinks = n;
	for (size_t i = 0; i < n; i++) {
		struct graph_blob *b = g->blobs[links[i].blob];

		g->links = xgrow(g->links, g->nlinks, &g->links_cap, sizeof(*g->links));
		g->links[g->nlinks++] = links[i];
		b->is_needed |= !links[i].is_away;
	}
}

/* ---- upwards ---- */

/* Counts a link, or, once places are given, writes who is above it there. */
static void turn_link(struct blob_graph *g, const struct graph_link *l, uint32_t parent, bool write)
{
	bool is_blob = l->document == BLOB_GRAPH_NONE;
	size_t *above = is_blob ? g->above_blob : g->above_document;
	uint32_t *parents = is_blob ? g->parents_blob : g->parents_document;
	uint32_t below = is_blob ? l->blob : l->document;

	if (write)
		parents[--above[below]] = parent;
	else
		above[below]++;
}

static void turn_links(struct blob_graph *g, bool write)
{
	for (uint32_t i = 0; i < g->ndocuments; i++)
		for (size_t k = 0; k < g->documents[i]->nlinks; k++)
			turn_link(g, &g->links[g->documents[i]->links + k], i, write);
	for (uint32_t i = 0; i < g->nroots; i++)
		turn_link(g, &g->roots[i], i | IS_ENTRY, write);
}

/* From counts to where the places of each end; writing moves that down to where they begin. */
static size_t add_up(size_t *above, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		above[i] = sum += above[i];
	above[n] = sum;
	return sum;
}

void blob_graph_turn(struct blob_graph *g)
{
	g->above_blob = xcalloc(g->nblobs + 1, sizeof(*g->above_blob));
	g->above_document = xcalloc(g->ndocuments + 1, sizeof(*g->above_document));
	turn_links(g, false);
	g->parents_blob = xcalloc(add_up(g->above_blob, g->nblobs) + 1, sizeof(uint32_t));
	g->parents_document =
		xcalloc(add_up(g->above_document, g->ndocuments) + 1, sizeof(uint32_t));
	turn_links(g, true);
	g->marks = xcalloc(g->ndocuments + g->nroots + 1, sizeof(*g->marks));
}

/* Documents that are marked and whose parents are not, and entries that are marked. */
struct climb {
	struct blob_graph *g;
	uint32_t *todo;
	size_t ntodo, todo_cap;
	uint32_t *entries;
	size_t nentries, entries_cap;
};

static void climb_to(struct climb *c, uint32_t parent)
{
	struct blob_graph *g = c->g;
	uint32_t number = parent & ~IS_ENTRY;
	uint32_t *mark = &g->marks[parent & IS_ENTRY ? g->ndocuments + number : number];

	if (*mark == g->mark)
		return;
	*mark = g->mark;
	if (parent & IS_ENTRY) {
		c->entries = xgrow(c->entries, c->nentries, &c->entries_cap, sizeof(*c->entries));
		c->entries[c->nentries++] = number;
	} else {
		c->todo = xgrow(c->todo, c->ntodo, &c->todo_cap, sizeof(*c->todo));
		c->todo[c->ntodo++] = number;
	}
}

static int compare_entries(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* A digest has some documents, one for each filter: all of them need its file. */
static void climb_from_blob(struct climb *c, uint32_t blob)
{
	const struct blob_graph *g = c->g;

	for (size_t i = g->above_blob[blob]; i < g->above_blob[blob + 1]; i++)
		climb_to(c, g->parents_blob[i]);
	for (uint32_t i = g->blobs[blob]->document; i != BLOB_GRAPH_NONE; i = g->documents[i]->same)
		climb_to(c, i);
}

void blob_graph_references(struct blob_graph *g, uint32_t blob, uint32_t document,
			   void (*each)(size_t entry, void *arg), void *arg)
{
	struct climb c = { .g = g };

	g->mark++;
	if (document == BLOB_GRAPH_NONE)
		climb_from_blob(&c, blob);
	else
		climb_to(&c, document);
	while (c.ntodo) {
		uint32_t at = c.todo[--c.ntodo];

		for (size_t i = g->above_document[at]; i < g->above_document[at + 1]; i++)
			climb_to(&c, g->parents_document[i]);
	}
	if (c.nentries)
		qsort(c.entries, c.nentries, sizeof(*c.entries), compare_entries);
	for (size_t i = 0; i < c.nentries; i++)
		each(c.entries[i], arg);
	free(c.todo);
	free(c.entries);
}
