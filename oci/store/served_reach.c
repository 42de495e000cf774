#include "oci/store/served_reach.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/span.h"
#include "oci/store/layout.h"
#include "oci/store/private_blobs.h"
#include "oci/store/served_graph.h"

void served_reach_init(struct served_reach *s, struct served_graph *g,
		       const struct private_blobs *p)
{
	*s = (struct served_reach){ .graph = g, .private_blobs = p };
}

void served_reach_release(struct served_reach *s)
{
	free(s->sources);
	free(s->marks);
}

void served_reach_tag(struct served_reach *s, const struct served_tag *t, const char *source)
{
	uint32_t number = served_graph_add(s->graph, SERVED_TAGS, t);

	s->sources = xgrow(s->sources, number, &s->sources_cap, sizeof(*s->sources));
	s->sources[number] = source;
}

static const struct served_object *object_at(const struct served_graph *g, uint32_t number)
{
	return (const struct served_object *)served_graph_records(g, SERVED_OBJECTS) + number;
}

static uint32_t link_at(const struct served_graph *g, uint32_t at)
{
	return ((const uint32_t *)served_graph_records(g, SERVED_LINKS))[at];
}

static uint32_t reached_at(const struct served_graph *g, uint32_t at)
{
	return ((const uint32_t *)served_graph_records(g, SERVED_REACHED))[at];
}

/* Whether a line may have left it away. */
static bool may_be_away(const struct served_object *o)
{
	bool is_unread = (o->flags & SERVED_MANIFEST) && !(o->flags & SERVED_READ);

	return is_unread || (o->flags & SERVED_FOREIGN);
}

/* Whether a manifest of that source reaches an object that it names. */
static bool is_reachable(const struct served_reach *s, uint32_t number, const char *source)
{
	const struct served_object *o = object_at(s->graph, number);
	struct err ignored;
	struct digest d;

	if (!may_be_away(o) && !s->private_blobs->rows.n)
		return true;
	if (digest_parse(&d, span_str(s->graph->texts.p + o->digest), &ignored) < 0)
		return false;
	if (may_be_away(o) &&
	    layout_look(s->graph->layout, &d, (int64_t)o->size, NULL) != BLOB_FILE_HERE)
		return false;
	return !private_blobs_is_foreign(s->private_blobs, &d, source);
}

/* Adds an object to those reached, once for each walk. */
static void add_reached(struct served_reach *s, uint32_t number)
{
	if (!number || s->marks[number] == s->walks ||
	    object_at(s->graph, number)->flags & SERVED_ODD)
		return;
	s->marks[number] = s->walks;
	served_graph_add(s->graph, SERVED_REACHED, &number);
}

static void add_below(struct served_reach *s, uint32_t number, const char *source)
{
	const struct served_object o = *object_at(s->graph, number);

	for (uint32_t i = 0; i < o.nbelow; i++) {
		uint32_t below = link_at(s->graph, o.below + i);

		if (is_reachable(s, below, source))
			add_reached(s, below);
	}
}

/* What the tags with the source of this one reach. Their own manifests are what their lines asked
 * for, so a sync has had proof of these. */
static void walk_source(struct served_reach *s, const struct served_repository *r, uint32_t tag)
{
	const struct served_tag *tags = served_graph_records(s->graph, SERVED_TAGS);
	const char *source = s->sources[tag];
	uint32_t at = served_graph_count(s->graph, SERVED_REACHED);

	s->walks++;
	for (; tag < r->tags + r->ntags; tag++) {
		if (s->sources[tag] != source)
			continue;
		s->sources[tag] = NULL;
		add_reached(s, tags[tag].object);
	}
	/* the section grows while it is walked, so objects below new ones are found as well */
	for (; at < served_graph_count(s->graph, SERVED_REACHED); at++)
		add_below(s, reached_at(s->graph, at), source);
}

static int order_numbers(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Each object once: several sources may reach it. */
static void sort_reached(struct served_graph *g, struct served_repository *r)
{
	uint32_t *v = served_graph_records(g, SERVED_REACHED);
	uint32_t end = served_graph_count(g, SERVED_REACHED), n = r->reached;

	if (end > n)
		qsort(v + n, end - n, sizeof(*v), order_numbers);
	for (uint32_t i = n; i < end; i++)
		if (n == r->reached || v[n - 1] != v[i])
			v[n++] = v[i];
	g->sections[SERVED_REACHED].n = n;
	r->nreached = n - r->reached;
}

void served_reach_fill(struct served_reach *s, struct served_repository *r)
{
	if (s->graph->full)
		return; /* no table comes of it */
	if (!s->marks)
		s->marks = xcalloc(served_graph_count(s->graph, SERVED_OBJECTS), sizeof(*s->marks));
	r->reached = served_graph_count(s->graph, SERVED_REACHED);
	for (uint32_t i = r->tags; i < r->tags + r->ntags; i++)
		if (s->sources[i])
			walk_source(s, r, i);
	sort_reached(s->graph, r);
}
