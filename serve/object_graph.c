#include "serve/object_graph.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/manifest.h"
#include "serve/state.h"

void object_graph_init(struct object_graph *g, struct state *state, const struct state *old)
{
	*g = (struct object_graph){ .state = state, .old = old };
	buf_init(&g->bytes, LIMIT_MANIFEST);
}

void object_graph_release(struct object_graph *g)
{
	buf_release(&g->bytes);
	free(g->reached);
	free(g->referrers);
}

/* When two descriptors of one digest give two sizes, the size of the file decides. */
static void decide_size(struct object_graph *g, struct object *o, int64_t other)
{
	int64_t first = o->size;

	if (first == other)
		return;
	o->size = other;
	if (state_open(g->state, o, NULL) != BLOB_FILE_HERE)
		o->size = first;
}

static struct object *get_object(struct object_graph *g, const struct digest *d, int64_t size)
{
	struct object *o = table_get(&g->state->objects, d->str);
	size_t n = strlen(d->str) + 1;

	if (o) {
		decide_size(g, o, size);
		return o;
	}
	o = state_alloc(g->state, sizeof(*o) + n);
	*o = (struct object){
		.size = size,
		.media_type = "",
		.id = ++g->nobjects,
		.sha512 = span_starts(span_str(d->str), "sha512:"),
	};
	memcpy(o->digest, d->str, n);
	table_put(&g->state->objects, o->digest, o);
	return o;
}

/* A media type goes into the head of a reply, so text that could break out of it, or is no type, is
 * replaced by application/octet-stream. Parameters are left out, since clients compare the whole
 * text (distribution-spec, "Pulling manifests"). */
static const char *media_text(struct object_graph *g, const char *type)
{
	const char *known = media_type_known(type);
	size_t n = strcspn(type, "; \t");

	if (known)
		return known;
	if (n < 3 || n > 127 || !memchr(type, '/', n) || span_eq(span_of(type, n), MEDIA_OCTETS))
		return MEDIA_OCTETS;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)type[i] <= 0x20 || (unsigned char)type[i] >= 0x7f)
			return MEDIA_OCTETS;
	return state_text(g->state, type, n);
}

/* The descriptor of a referrer (distribution-spec, "Listing Referrers"). */
static const char *make_descriptor(struct object_graph *g, const struct object *o,
				   const char *media_type, const char *artifact_type,
				   const json_t *annotations)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(2 * LIMIT_MANIFEST);

	buf_adds(&b, "{\"mediaType\":");
	buf_add_json(&b, media_type);
	buf_addf(&b, ",\"digest\":\"%s\",\"size\":%lld", o->digest, (long long)o->size);
	if (artifact_type[0]) {
		buf_adds(&b, ",\"artifactType\":");
		buf_add_json(&b, artifact_type);
	}
	if (annotations) {
		buf_adds(&b, ",\"annotations\":");
		json_write(&b, annotations);
	}
	buf_addc(&b, '}');
	return buf_failed(&b) ? NULL : state_text(g->state, b.p, b.n);
}

/* Fills *r in; false, and *r untouched, when the descriptor would be larger than clients accept. */
static bool make_referrer(struct object_graph *g, struct referrer *r, const char *subject,
			  const struct object *o, const char *media_type, const char *artifact_type,
			  const json_t *annotations)
{
	const char *type = artifact_type ? artifact_type : "";
	const char *json = make_descriptor(g, o, media_type, type, annotations);

	if (!json)
		return false;
	*r = (struct referrer){
		.subject = state_text(g->state, subject, strlen(subject)),
		.type = state_text(g->state, type, strlen(type)),
		.digest = o->digest,
		.json = json,
	};
	return true;
}

static void add_manifest(struct object_graph *g, struct object *o, const char *hint, int depth);

/* Fills in an object from its manifest: media type, objects below it, subject. */
static void take_manifest(struct object_graph *g, struct object *o, const struct manifest *m,
			  int depth)
{
	o->media_type = media_text(g, m->media_type);
	o->below = state_alloc(g->state, (m->n + 1) * sizeof(struct object *));
	for (size_t i = 0; i < m->n; i++) {
		const struct descriptor *d = &m->below[i];
		struct object *child = get_object(g, &d->digest, d->size);

		o->below[o->nbelow++] = child;
		if (m->kind == MEDIA_INDEX)
			add_manifest(g, child, d->media_type, depth + 1);
	}
	if (m->has_subject) {
		struct referrer *r = state_alloc(g->state, sizeof(*r));

		if (make_referrer(g, r, m->subject.digest.str, o, o->media_type, m->artifact_type,
				  m->annotations))
			o->referrer = r;
	}
}

/* Reads the bytes of a manifest into g->bytes, checked against its digest. */
static bool read_manifest(struct object_graph *g, const struct object *o)
{
	struct digest want, got;
	cleanup_fd int fd = -1;
	char *p;

	if (o->size > (int64_t)LIMIT_MANIFEST || state_open(g->state, o, &fd) != BLOB_FILE_HERE)
		return false;
	buf_clear(&g->bytes);
	p = buf_reserve(&g->bytes, (size_t)o->size);
	for (ssize_t n; p && g->bytes.n < (size_t)o->size; g->bytes.n += (size_t)n) {
		n = read(fd, p + g->bytes.n, (size_t)o->size - g->bytes.n);
		if (n <= 0)
			return false;
	}
	memcpy(want.str, o->digest, strlen(o->digest) + 1);
	digest_of(&want, g->bytes.p, g->bytes.n, &got);
	return p && digest_eq(&want, &got);
}

/* Copies what an earlier state knows of this manifest; false when it has not read it. */
static bool copy_from_old(struct object_graph *g, struct object *o, int depth)
{
	const struct object *then = g->old ? table_get(&g->old->objects, o->digest) : NULL;

	if (!then || !then->is_read || then->size != o->size)
		return false;
	o->media_type = media_text(g, then->media_type);
	o->below = state_alloc(g->state, (then->nbelow + 1) * sizeof(struct object *));
	for (uint32_t i = 0; i < then->nbelow; i++) {
		const struct object *below = then->below[i];
		struct object *child;
		struct digest d;

		memcpy(d.str, below->digest, strlen(below->digest) + 1);
		child = get_object(g, &d, below->size);
		o->below[o->nbelow++] = child;
		if (below->is_manifest)
			add_manifest(g, child, below->media_type, depth + 1);
	}
	if (then->referrer) {
		const struct referrer *r = then->referrer;
		struct referrer *copy = state_alloc(g->state, sizeof(*copy));

		*copy = (struct referrer){
			.subject = state_text(g->state, r->subject, strlen(r->subject)),
			.type = state_text(g->state, r->type, strlen(r->type)),
			.digest = o->digest,
			.json = state_text(g->state, r->json, strlen(r->json)),
		};
		o->referrer = copy;
	}
	return true;
}

/* Reads a manifest and what is below it, unless that was done already. */
static void add_manifest(struct object_graph *g, struct object *o, const char *hint, int depth)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err ignored = ERR_INIT;

	if (o->is_manifest || depth > LIMIT_NESTING)
		return;
	o->is_manifest = true;
	o->media_type = media_text(g, hint);
	if (copy_from_old(g, o, depth)) {
		o->is_read = true;
		return;
	}
	o->is_read = read_manifest(g, o);
	/* an unknown kind of manifest is served unchanged, under the media type of its
	 * descriptor */
	if (o->is_read && manifest_parse(&m, buf_span(&g->bytes), hint, &ignored) == 0)
		take_manifest(g, o, &m, depth);
}

struct object *object_graph_root(struct object_graph *g, const struct digest *d, int64_t size,
				 const char *media_type)
{
	struct object *o = get_object(g, d, size);

	add_manifest(g, o, media_type ? media_type : "", 0);
	return o;
}

/* Adds an object to those reached, once for each repository. */
static void add_reached(struct object_graph *g, struct object *o, uint32_t number)
{
	if (o->mark == number)
		return;
	o->mark = number;
	g->reached = xgrow(g->reached, g->nreached, &g->cap, sizeof(struct object *));
	g->reached[g->nreached++] = o;
}

static int order_ids(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void fill_reached(struct object_graph *g, struct repository *r, uint32_t number)
{
	g->nreached = 0;
	for (size_t i = 0; i < r->ntags; i++)
		add_reached(g, r->tags[i].object, number);
	/* the array grows while it is walked, so objects below new ones are found as well */
	for (size_t i = 0; i < g->nreached; i++)
		for (uint32_t k = 0; k < g->reached[i]->nbelow; k++)
			add_reached(g, g->reached[i]->below[k], number);
	r->reached = state_alloc(g->state, (g->nreached + 1) * sizeof(*r->reached));
	for (size_t i = 0; i < g->nreached; i++)
		r->reached[r->nreached++] = g->reached[i]->id;
	qsort(r->reached, r->nreached, sizeof(*r->reached), order_ids);
}

static void add_referrer(struct object_graph *g, const struct referrer *r)
{
	g->referrers = xgrow(g->referrers, g->nreferrers, &g->referrers_cap, sizeof(*g->referrers));
	g->referrers[g->nreferrers++] = *r;
}

/* "sha256-<64 hex>": where referrers are listed by clients of registries without the API
 * (distribution-spec, "Referrers Tag Schema"). Gives the subject. */
static bool is_fallback(const struct tag *t, struct digest *subject)
{
	struct span name = span_str(t->name);

	if (!(span_starts(name, "sha256-") || span_starts(name, "sha512-")) || name.n != 7 + 64 ||
	    strspn(t->name + 7, "0123456789abcdef") != 64 ||
	    media_type_kind(t->object->media_type) != MEDIA_INDEX)
		return false;
	memcpy(subject->str, name.p, name.n + 1);
	subject->str[6] = ':';
	return true;
}

/* Adds referrers without a subject field of their own; those with one are known already. */
static void add_fallback(struct object_graph *g, const struct tag *t, const struct digest *subject)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err ignored = ERR_INIT;

	if (!read_manifest(g, t->object) ||
	    manifest_parse(&m, buf_span(&g->bytes), t->object->media_type, &ignored) < 0)
		return;
	for (size_t i = 0; i < m.n; i++) {
		const struct descriptor *d = &m.below[i];
		const struct object *o = get_object(g, &d->digest, d->size);
		struct referrer r;

		if (!o->referrer && make_referrer(g, &r, subject->str, o, d->media_type,
						  d->artifact_type, d->annotations))
			add_referrer(g, &r);
	}
}

static int order_referrers(const void *a, const void *b)
{
	const struct referrer *x = a, *y = b;
	int order = strcmp(x->subject, y->subject);

	return order ? order : strcmp(x->digest, y->digest);
}

static void fill_referrers(struct object_graph *g, struct repository *r)
{
	struct digest subject;

	g->nreferrers = 0;
	for (size_t i = 0; i < g->nreached; i++)
		if (g->reached[i]->referrer)
			add_referrer(g, g->reached[i]->referrer);
	for (size_t i = 0; i < r->ntags; i++)
		if (is_fallback(&r->tags[i], &subject))
			add_fallback(g, &r->tags[i], &subject);
	if (!g->nreferrers)
		return;
	qsort(g->referrers, g->nreferrers, sizeof(*g->referrers), order_referrers);
	r->referrers = state_alloc(g->state, g->nreferrers * sizeof(*r->referrers));
	memcpy(r->referrers, g->referrers, g->nreferrers * sizeof(*r->referrers));
	r->nreferrers = g->nreferrers;
}

void object_graph_repository(struct object_graph *g, struct repository *r, uint32_t number)
{
	fill_reached(g, r, number);
	fill_referrers(g, r);
}
