#include "publish/usage.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/span.h"
#include "oci/base/strvec.h"
#include "oci/store/index.h"
#include "publish/mirror.h"

/* An entry under one of its names: a repository, a list, ... */
struct share {
	const char *name; /* lent by counting.names */
	enum usage_class class;
	uint32_t object;
};

struct counting {
	struct usage *usage;
	struct blob_map *map;
	enum usage_by by;
	uint32_t *owners; /* of objects: the first row that reached it, + 1; MANY */
	struct strvec names;
	struct share *v;
	size_t n, cap;
};

#define MANY UINT32_MAX

static void counting_release(struct counting *c)
{
	free(c->owners);
	strvec_release(&c->names);
	free(c->v);
}

/* ---- the names of an entry ---- */

static enum usage_class class_of(const struct entry *e)
{
	if (entry_annotation(e, ANNOTATION_SUBJECT))
		return USAGE_REFERRER;
	return entry_annotation(e, ANNOTATION_SNAPSHOT_OF) ? USAGE_SNAPSHOT : USAGE_TAG;
}

static void add_share(struct counting *c, const struct entry *e, struct span name)
{
	uint32_t object = served_find(&c->map->table, e->digest.str);

	if (!object) /* of no form that is understood */
		return;
	c->v = xgrow(c->v, c->n, &c->cap, sizeof(*c->v));
	c->v[c->n++] = (struct share){
		.name = strvec_addf(&c->names, "%.*s", SPAN_ARG(name)),
		.class = class_of(e),
		.object = object,
	};
}

static void share_repository(struct counting *c, const struct entry *e)
{
	const char *slash = strrchr(e->ref, '/'), *at = strchr(e->ref, '@');
	const char *end = at ? at : strchr(slash ? slash : e->ref, ':');
	size_t n = end ? (size_t)(end - e->ref) : strlen(e->ref);

	/* a layout of another tool may have bare tags, which are of no repository */
	add_share(c, e, slash || at ? span_of(e->ref, n) : span_str("(no-name)"));
}

/* "base.list:1@c0ffee web.list:7@c0ffee": a file for each. */
static void share_list(struct counting *c, const struct entry *e)
{
	const char *text = entry_annotation(e, ANNOTATION_LIST);
	struct span rest = span_str(text ? text : ""), place, file;
	bool any = false;

	while ((place = span_word(&rest)).n) {
		span_cut(&place, ':', &file);
		add_share(c, e, file);
		any = true;
	}
	if (!any)
		add_share(c, e, span_str("(no-list)"));
}

/* "ann, ben": a row for each. */
static void share_owner(struct counting *c, const struct entry *e)
{
	const char *text = entry_annotation(e, ANNOTATION_OWNER);
	struct span rest = span_str(text ? text : "(no-owner)"), owner;

	while (span_cut(&rest, ',', &owner))
		add_share(c, e, span_trim(owner));
}

static void share_group(struct counting *c, const struct entry *e)
{
	const char *group = entry_annotation(e, ANNOTATION_PRIVATE);

	add_share(c, e, span_str(group ? group : "(public)"));
}

static void (*const share_by[USAGE_BYS])(struct counting *c, const struct entry *e) = {
	[USAGE_BY_REPOSITORY] = share_repository,
	[USAGE_BY_LIST] = share_list,
	[USAGE_BY_OWNER] = share_owner,
	[USAGE_BY_GROUP] = share_group,
};

const char *const usage_by_words[] = {
	[USAGE_BY_REPOSITORY] = "repository", [USAGE_BY_LIST] = "list", [USAGE_BY_OWNER] = "owner",
	[USAGE_BY_GROUP] = "group",           [USAGE_BYS] = NULL,
};

static int order_shares(const void *pa, const void *pb)
{
	const struct share *a = pa, *b = pb;
	int order = strcmp(a->name, b->name);

	if (!order)
		order = (int)a->class - (int)b->class;
	return order ? order : (a->object > b->object) - (a->object < b->object);
}

/* ---- counting ---- */

/* Everything that an entry reaches and that its row has not reached yet. */
static void count_share(struct counting *c, uint32_t row, const struct share *s)
{
	size_t n = blob_map_walk(c->map, s->object, row + 1);

	for (size_t i = 0; i < n; i++) {
		uint32_t object = c->map->walked[i];

		c->usage->v[row].bytes[s->class] += blob_map_bytes(c->map, object);
		c->owners[object] = !c->owners[object] ? row + 1 : MANY;
	}
}

static void count_rows(struct counting *c)
{
	struct usage *u = c->usage;

	for (size_t i = 0; i < c->n; i++) {
		const struct share *s = &c->v[i];

		if (!i || strcmp(c->v[i - 1].name, s->name) != 0) {
			u->v = xgrow(u->v, u->n, &u->cap, sizeof(*u->v));
			u->v[u->n++] = (struct usage_row){ .name = xstrdup(s->name) };
		}
		u->v[u->n - 1].entries[s->class]++;
		count_share(c, (uint32_t)u->n - 1, s);
	}
}

/* Blobs that are here: whose they are, and what nothing reaches. */
static void count_objects(struct counting *c)
{
	const struct blob_map *map = c->map;

	c->usage->unreferenced = map->unknown;
	for (uint32_t i = 1; i < map->table.nobjects; i++) {
		struct blob_sum *sum =
			c->owners[i] ? &c->usage->published : &c->usage->unreferenced;

		if (!map->here[i])
			continue;
		sum->n++;
		sum->bytes += blob_map_bytes(map, i);
		if (c->owners[i] && c->owners[i] != MANY)
			c->usage->v[c->owners[i] - 1].unique += blob_map_bytes(map, i);
	}
}

static int order_rows(const void *pa, const void *pb)
{
	const struct usage_row *a = pa, *b = pb;
	uint64_t na = usage_row_bytes(a), nb = usage_row_bytes(b);

	return na != nb ? (na < nb ? 1 : -1) : strcmp(a->name, b->name);
}

uint64_t usage_row_bytes(const struct usage_row *r)
{
	return r->bytes[USAGE_TAG] + r->bytes[USAGE_SNAPSHOT] + r->bytes[USAGE_REFERRER];
}

/* ---- all of it ---- */

void usage_count(struct usage *u, struct blob_map *map, enum usage_by by)
{
	const struct index *x = &map->mirror->index;
	cleanup_by(counting_release) struct counting c = {
		.usage = u, .map = map, .by = by, .names = STRVEC_INIT
	};

	*u = (struct usage){ .v = NULL };
	for (size_t i = 0; i < x->n; i++)
		share_by[by](&c, x->v[i]);
	if (c.n)
		qsort(c.v, c.n, sizeof(*c.v), order_shares);
	c.owners = xcalloc(map->table.nobjects, sizeof(*c.owners));
	count_rows(&c);
	count_objects(&c);
	if (u->n)
		qsort(u->v, u->n, sizeof(*u->v), order_rows);
}

void usage_release(struct usage *u)
{
	for (size_t i = 0; i < u->n; i++)
		free(u->v[i].name);
	free(u->v);
	*u = (struct usage){ .v = NULL };
}
