#include "oci/store/served_build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/table.h"
#include "oci/image/manifest.h"
#include "oci/image/ref.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "oci/store/private_blobs.h"
#include "oci/store/served.h"
#include "oci/store/served_graph.h"
#include "oci/store/served_reach.h"

/* A repository, while entries are read. */
struct owner {
	char *written;
	char *group; /* NULL: everybody's */
	uint32_t rank;
	uint32_t tags, ntags;
	char name[];
};

/* An entry that has a repository. */
struct named {
	struct owner *owner;
	const char *name; /* of its tag, while they are sorted */
	const char *source;
	uint32_t text, object, flags;
	bool lacks_tag; /* it is under the given name, without a tag of its own */
};

struct build {
	const struct served_build_from *from;
	struct served_graph graph;
	struct served_reach reach;
	struct private_blobs private_blobs;
	struct table sources; /* names of upstream repositories, each its own key */
	struct table owners;  /* by name */
	struct owner **v;     /* of them, sorted at the end */
	size_t nowners, owners_cap;
	struct named *named; /* in the order of the index, sorted at the end */
	size_t nnamed;
	size_t ngiven; /* of them, those under the given name */
	struct served_head head;
};

/* ---- entries ---- */

static struct owner *find_owner(struct build *b, const char *name)
{
	struct owner *o = table_get(&b->owners, name);
	size_t n = strlen(name) + 1;

	if (o)
		return o;
	o = xmalloc(sizeof(*o) + n);
	*o = (struct owner){ .written = ref_written_name(name) };
	memcpy(o->name, name, n);
	table_put(&b->owners, o->name, o);
	b->v = xgrow(b->v, b->nowners, &b->owners_cap, sizeof(struct owner *));
	b->v[b->nowners++] = o;
	return o;
}

static void owner_free(void *p)
{
	struct owner *o = p;

	free(o->written);
	free(o->group);
	free(o);
}

static struct owner *take_reference(struct build *b, const char *text, struct named *n)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	cleanup_free char *name = NULL;
	struct err ignored = ERR_INIT;

	if (ref_parse(&ref, span_str(text), &ignored) < 0)
		return NULL;
	name = ref_repository(&ref);
	n->text = served_graph_text(&b->graph, ref.tag             ? ref.tag
					       : ref.digest.str[0] ? ""
								   : "latest");
	return find_owner(b, name);
}

static bool is_bare(const struct entry *e)
{
	return !e->ref[0] || ref_valid_tag(span_str(e->ref));
}

/* The repository and tag of an entry that says both, perhaps by the whole name that containerd and
 * docker write beside a bare tag; NULL when it has none. */
static struct owner *name_whole(struct build *b, const struct entry *e, struct named *n)
{
	const char *whole = entry_annotation(e, ANNOTATION_CONTAINERD_NAME);
	struct owner *o = is_bare(e) ? NULL : take_reference(b, e->ref, n);

	return !o && whole ? take_reference(b, whole, n) : o;
}

/* The repository given for entries that have none, and the tag there. Clients cannot ask for a
 * ref.name that is neither a tag nor a reference: its entry is served by digest only. */
static struct owner *name_given(struct build *b, const struct entry *e, struct named *n)
{
	if (!b->from->name)
		return NULL;
	n->text = served_graph_text(&b->graph, is_bare(e) ? e->ref : "");
	n->lacks_tag = !e->ref[0];
	b->ngiven++;
	return find_owner(b, b->from->name);
}

/* When the entries of a repository name two groups, neither of them has it. */
static void set_group(struct owner *o, const char *group)
{
	if (!group || (o->group && strcmp(o->group, group) == 0))
		return;
	group = o->group ? "" : group;
	free(o->group);
	o->group = xstrdup(group);
}

/* Its name stays known all the same: the file may be repaired while the table is in use. */
static void count_unread(struct build *b, const struct entry *e, int reason)
{
	bool denied = reason == EACCES || reason == EPERM;
	uint32_t *n = denied ? &b->head.denied : &b->head.broken;
	uint32_t *first = denied ? &b->head.first_denied : &b->head.first_broken;

	if (!(*n)++)
		*first = served_graph_text(&b->graph, e->ref);
}

/* Adds an entry to a repository, if it has one there. */
static bool add_named(struct build *b, struct owner *o, struct named *n, const char *group)
{
	if (!o)
		return false;
	set_group(o, group);
	n->owner = o;
	b->named[b->nnamed++] = *n;
	return true;
}

/* Of the manifests that are not understood: the name of the first entry of no group that has
 * one. */
static void name_odd(struct build *b, const struct entry *e, const char *group)
{
	struct served_build_notes *notes = b->from->notes;

	if (notes && !notes->first_odd[0] && !group)
		snprintf(notes->first_odd, sizeof(notes->first_odd), "%s",
			 e->ref[0] ? e->ref : e->digest.str);
}

/* ... and where only indexes name such, the digest of the first. */
static void note_odd(struct build *b)
{
	struct served_build_notes *notes = b->from->notes;
	const struct served_graph *g = &b->graph;
	const char *objects = g->sections[SERVED_OBJECTS].p;

	if (!notes || !g->odd)
		return;
	notes->odd = g->odd;
	if (!notes->first_odd[0] && !b->head.private)
		snprintf(notes->first_odd, sizeof(notes->first_odd), "%s",
			 g->texts.p +
				 ((const struct served_object *)(const void *)objects)[g->first_odd]
					 .digest);
}

/* The upstream repository that the entry came from; of one that no sync brought, its own
 * repository in the mirror. While nothing is private, sources make no difference. */
static const char *find_source(struct build *b, const struct entry *e, const struct owner *o)
{
	const char *text = entry_annotation(e, ANNOTATION_SOURCE);
	cleanup_free char *name = xstrdup(text ? text : o ? o->name : b->from->name);
	char *at = text ? strrchr(name, '@') : NULL;
	const char *source;

	if (!b->private_blobs.rows.n)
		return "";
	if (at)
		*at = '\0';
	source = table_get(&b->sources, name);
	if (!source) {
		source = name;
		table_put(&b->sources, name, name);
		name = NULL;
	}
	return source;
}

static void add_entry(struct build *b, const struct entry *e)
{
	const char *group = entry_annotation(e, ANNOTATION_PRIVATE);
	struct named n = { .owner = NULL };
	struct owner *o = name_whole(b, e, &n);
	struct named again;
	int reason;

	if (!o && !b->from->name) {
		b->head.nameless++;
		b->head.private += group != NULL;
		return;
	}
	n.source = find_source(b, e, o);
	n.flags = entry_annotation(e, ANNOTATION_SNAPSHOT_OF) ? SERVED_SNAPSHOT : 0;
	n.object = served_graph_root(&b->graph, &e->digest, e->size, e->media_type, &reason);
	if (reason == SERVED_GRAPH_ODD) {
		name_odd(b, e, group);
		return;
	}
	if (reason >= 0)
		count_unread(b, e, reason);
	again = n;
	add_named(b, o, &n, group);
	if (!o || is_bare(e))
		add_named(b, name_given(b, e, &again), &again, group);
}

/* An entry that is alone under the given name gets a tag. */
static void tag_sole(struct build *b)
{
	const char *tag = b->from->tag ? b->from->tag : "latest";

	for (size_t i = 0; i < b->nnamed; i++) {
		struct named *n = &b->named[i];

		if (n->lacks_tag && b->ngiven == 1)
			n->text = served_graph_text(&b->graph, tag);
		else if (n->lacks_tag && b->from->notes)
			b->from->notes->untagged++;
	}
}

/* ---- order ---- */

static int order_owners(const void *a, const void *b)
{
	const struct owner *x = *(struct owner *const *)a, *y = *(struct owner *const *)b;

	return strcmp(x->written, y->written);
}

/* By repository, then by tag; entries of one name stay in the order of the index: the first
 * wins. */
static int order_named(const void *a, const void *b)
{
	const struct named *x = *(struct named *const *)a, *y = *(struct named *const *)b;
	int order = (x->owner->rank > y->owner->rank) - (x->owner->rank < y->owner->rank);

	if (!order)
		order = strcmp(x->name, y->name);
	return order ? order : (x > y) - (x < y);
}

/* Gives the entries in order; the caller frees the array. */
static struct named **sort_named(struct build *b)
{
	struct named **v = xcalloc(b->nnamed + 1, sizeof(struct named *));

	if (b->nowners)
		qsort(b->v, b->nowners, sizeof(struct owner *), order_owners);
	for (size_t i = 0; i < b->nowners; i++)
		b->v[i]->rank = (uint32_t)i;
	for (size_t i = 0; i < b->nnamed; i++) {
		b->named[i].name = b->graph.texts.p + b->named[i].text;
		v[i] = &b->named[i];
	}
	qsort(v, b->nnamed, sizeof(struct named *), order_named);
	return v;
}

/* ---- repositories ---- */

static bool same_tag(const struct named *a, const struct named *b)
{
	return a->name[0] && a->owner == b->owner && strcmp(a->name, b->name) == 0;
}

/* Names nothing of a group: messages go to people who may not read it. */
static void note_again(struct build *b, const struct named *n)
{
	struct served_build_notes *notes = b->from->notes;

	if (!notes)
		return;
	notes->again++;
	if (!notes->first_again[0] && !n->owner->group)
		snprintf(notes->first_again, sizeof(notes->first_again), "%s:%s", n->owner->name,
			 n->name);
}

/* Takes the tag from the second and later entries of one name, which are found by digest then; the
 * result is false when there are none. */
static bool untag_again(struct build *b, struct named **v)
{
	size_t first = 0;
	bool found = false;

	for (size_t i = 1; i < b->nnamed; i++) {
		if (!same_tag(v[first], v[i])) {
			first = i;
			continue;
		}
		if (v[i]->object != v[first]->object)
			note_again(b, v[i]);
		v[i]->text = 0;
		found = true;
	}
	for (size_t i = 0; i < b->nnamed; i++)
		v[i]->name = b->graph.texts.p + v[i]->text;
	return found;
}

/* Adds the tags; no text is added meanwhile, since that would move those that v points at. */
static void add_tags(struct build *b, struct named *const *v)
{
	struct served_graph *g = &b->graph;

	for (size_t i = 0; i < b->nnamed; i++) {
		struct owner *o = v[i]->owner;

		b->head.private += o->group != NULL;
		if (!o->ntags++)
			o->tags = served_graph_count(g, SERVED_TAGS);
		served_reach_tag(&b->reach,
				 &(struct served_tag){ .name = v[i]->text,
						       .object = v[i]->object,
						       .flags = v[i]->flags },
				 v[i]->source);
	}
}

static void add_repository(struct build *b, const struct owner *o)
{
	struct served_graph *g = &b->graph;
	struct served_repository r = {
		.name = served_graph_text(g, o->name),
		.group = o->group ? served_graph_text(g, o->group) : SERVED_NONE,
		.tags = o->tags,
		.ntags = o->ntags,
	};

	r.written = strcmp(o->written, o->name) == 0 ? r.name : served_graph_text(g, o->written);
	served_reach_fill(&b->reach, &r);
	served_graph_repository(g, &r);
}

static void add_repositories(struct build *b)
{
	cleanup_free struct named **v = sort_named(b);

	if (untag_again(b, v))
		qsort(v, b->nnamed, sizeof(struct named *), order_named);
	add_tags(b, v);
	for (size_t i = 0; i < b->nowners; i++)
		add_repository(b, b->v[i]);
}

static int build_all(struct build *b, struct served *out, struct err *err)
{
	const struct index *x = b->from->index;

	if (private_blobs_load(&b->private_blobs, b->from->layout, err) < 0)
		return -1;
	b->named = xcalloc(2 * x->n + 1, sizeof(*b->named));
	for (size_t i = 0; i < x->n; i++)
		add_entry(b, x->v[i]);
	tag_sole(b);
	add_repositories(b);
	note_odd(b);
	b->head.generation = b->from->generation;
	b->head.entries_size = (uint64_t)b->from->entries_size;
	memcpy(b->head.entries, b->from->entries.str, sizeof(b->head.entries));
	return served_graph_finish(&b->graph, &b->head, out, err);
}

int served_build(struct served *out, const struct served_build_from *from, struct err *err)
{
	struct build b = { .from = from, .private_blobs = PRIVATE_BLOBS_INIT };
	int result;

	served_graph_init(&b.graph, from->layout, from->old);
	served_reach_init(&b.reach, &b.graph, &b.private_blobs);
	result = build_all(&b, out, err);
	served_reach_release(&b.reach);
	served_graph_release(&b.graph);
	table_clear(&b.owners, owner_free);
	table_clear(&b.sources, free);
	private_blobs_release(&b.private_blobs);
	free(b.v);
	free(b.named);
	return result;
}
