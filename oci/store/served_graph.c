#include "oci/store/served_graph.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/manifest.h"
#include "oci/store/layout.h"

/* ---- records ---- */

uint32_t served_graph_count(const struct served_graph *g, enum served_section section)
{
	return (uint32_t)g->sections[section].n;
}

uint32_t served_graph_add(struct served_graph *g, enum served_section section, const void *record)
{
	const size_t size = served_record[section], n = g->sections[section].n;

	if (n >= LIMIT_TABLE / size) {
		g->full = true;
		return 0;
	}
	g->sections[section].p = xgrow(g->sections[section].p, n, &g->sections[section].cap, size);
	memcpy(g->sections[section].p + n * size, record, size);
	g->sections[section].n++;
	return (uint32_t)n;
}

static struct served_object *object_at(const struct served_graph *g, uint32_t number)
{
	return (struct served_object *)served_graph_records(g, SERVED_OBJECTS) + number;
}

static uint32_t link_at(const struct served_graph *g, uint32_t at)
{
	return ((const uint32_t *)served_graph_records(g, SERVED_LINKS))[at];
}

static uint32_t add_text(struct served_graph *g, const char *p, size_t n)
{
	size_t at = g->texts.n;

	if (!n)
		return 0;
	if (!buf_add(&g->texts, p, n) || !buf_addc(&g->texts, '\0'))
		return 0;
	return (uint32_t)at;
}

uint32_t served_graph_text(struct served_graph *g, const char *text)
{
	return add_text(g, text, strlen(text));
}

static const char *text_at(const struct served_graph *g, uint32_t text)
{
	return g->texts.p + text;
}

/* For texts that many objects have. */
static uint32_t add_shared_text(struct served_graph *g, const char *p, size_t n)
{
	cleanup_free char *text = xstrndup(p, n);
	uintptr_t at = (uintptr_t)table_get(&g->interned, text);

	if (!at) {
		at = (uintptr_t)add_text(g, p, n) + 1;
		table_put(&g->interned, take(text), (void *)at);
	}
	return (uint32_t)(at - 1);
}

/* Room for n objects and one more; a third of the slots stays free. */
static void make_slots(struct served_graph *g, uint32_t n)
{
	for (g->nslots = 16; n >= g->nslots / 3 * 2;)
		g->nslots *= 2;
	g->slots = xcalloc(g->nslots, sizeof(*g->slots));
}

void served_graph_init(struct served_graph *g, const struct layout *l, const struct served *old)
{
	*g = (struct served_graph){ .layout = l, .old = old };
	buf_init(&g->texts, LIMIT_TABLE);
	buf_init(&g->bytes, LIMIT_MANIFEST);
	buf_addc(&g->texts, '\0');
	if (getrandom(&g->salt, sizeof(g->salt), GRND_NONBLOCK) < 0)
		g->salt = (uint64_t)(uintptr_t)g; /* before the kernel has entropy */
	served_graph_add(g, SERVED_OBJECTS, &(struct served_object){ .referrer = SERVED_NONE });
	make_slots(g, old ? old->nobjects : 0);
}

void served_graph_release(struct served_graph *g)
{
	for (size_t i = 0; i < g->interned.cap; i++)
		free((char *)g->interned.slots[i].key);
	table_release(&g->interned);
	for (size_t i = 0; i < SERVED_TEXTS; i++)
		free(g->sections[i].p);
	buf_release(&g->texts);
	buf_release(&g->bytes);
	free(g->slots);
}

/* ---- objects ---- */

/* The slot of a digest: the one that has it, or the free one where it would go. */
static uint32_t *slot_of(const struct served_graph *g, const char *digest)
{
	uint64_t at = served_hash(g->salt, digest);

	for (;; at++) {
		uint32_t *slot = &g->slots[at & (g->nslots - 1)];

		if (!*slot || strcmp(text_at(g, object_at(g, *slot)->digest), digest) == 0)
			return slot;
	}
}

static void grow_slots(struct served_graph *g)
{
	uint32_t n = served_graph_count(g, SERVED_OBJECTS);

	free(g->slots);
	make_slots(g, n);
	for (uint32_t i = 1; i < n; i++)
		*slot_of(g, text_at(g, object_at(g, i)->digest)) = i;
}

static uint32_t find_object(const struct served_graph *g, const char *digest)
{
	return *slot_of(g, digest);
}

/* When two descriptors of one digest give two sizes, the size of the file decides. A manifest that
 * was not read under the wrong size is read again. */
static void decide_size(struct served_graph *g, struct served_object *o, const struct digest *d,
			int64_t other)
{
	if (o->size == (uint64_t)other || layout_look(g->layout, d, other, NULL) != BLOB_FILE_HERE)
		return;
	o->size = (uint64_t)other;
	if (!(o->flags & SERVED_READ))
		o->flags &= ~SERVED_MANIFEST;
}

static uint32_t get_object(struct served_graph *g, const struct digest *d, int64_t size)
{
	struct served_object o = { .size = (uint64_t)size, .referrer = SERVED_NONE };
	uint32_t number = find_object(g, d->str);

	if (number) {
		decide_size(g, object_at(g, number), d, size);
		return number;
	}
	if (served_graph_count(g, SERVED_OBJECTS) >= g->nslots / 3 * 2)
		grow_slots(g);
	o.digest = served_graph_text(g, d->str);
	number = served_graph_add(g, SERVED_OBJECTS, &o);
	if (number)
		*slot_of(g, d->str) = number;
	return number;
}

/* A media type goes into the head of a reply, so text that could break out of it, or is no type, is
 * replaced by application/octet-stream. Parameters are left out, since clients compare the whole
 * text (distribution-spec, "Pulling manifests"). */
static uint32_t media_text(struct served_graph *g, const char *type)
{
	const char *known = media_type_known(type);
	size_t n = strcspn(type, "; \t");
	bool usable = n >= 3 && n <= 127 && memchr(type, '/', n);

	for (size_t i = 0; i < n; i++)
		usable &= (unsigned char)type[i] > 0x20 && (unsigned char)type[i] < 0x7f;
	if (known)
		return add_shared_text(g, known, strlen(known));
	return usable ? add_shared_text(g, type, n)
		      : add_shared_text(g, MEDIA_OCTETS, sizeof(MEDIA_OCTETS) - 1);
}

/* ---- referrers ---- */

/* The descriptor of a referrer (distribution-spec, "Listing Referrers"). */
static uint32_t add_descriptor(struct served_graph *g, const struct digest *d, int64_t size,
			       const char *media_type, const char *artifact_type,
			       const json_t *annotations)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(2 * LIMIT_MANIFEST);

	buf_adds(&b, "{\"mediaType\":");
	buf_add_json(&b, media_type);
	buf_addf(&b, ",\"digest\":\"%s\",\"size\":%lld", d->str, (long long)size);
	if (artifact_type[0]) {
		buf_adds(&b, ",\"artifactType\":");
		buf_add_json(&b, artifact_type);
	}
	if (annotations) {
		buf_adds(&b, ",\"annotations\":");
		json_write(&b, annotations);
	}
	buf_addc(&b, '}');
	return buf_failed(&b) ? 0 : add_text(g, b.p, b.n);
}

/* Gives the record of a referrer; SERVED_NONE when its descriptor would be larger than clients
 * accept. */
static uint32_t add_referrer(struct served_graph *g, const char *subject, const struct digest *d,
			     int64_t size, const char *media_type, const char *artifact_type,
			     const json_t *annotations)
{
	const char *type = artifact_type ? artifact_type : "";
	struct served_referrer r = {
		.json = add_descriptor(g, d, size, media_type, type, annotations),
	};

	if (!r.json)
		return SERVED_NONE;
	r.subject = served_graph_text(g, subject);
	r.type = add_shared_text(g, type, strlen(type));
	r.digest = served_graph_text(g, d->str);
	return served_graph_add(g, SERVED_REFERRERS, &r);
}

/* ---- manifests ---- */

static void add_manifest(struct served_graph *g, uint32_t number, const struct digest *d,
			 const char *hint, int depth);

/* Fills in an object from its manifest: media type, objects below it, subject. */
static void take_manifest(struct served_graph *g, uint32_t number, const struct digest *d,
			  const struct manifest *m, int depth)
{
	uint32_t first = served_graph_count(g, SERVED_LINKS);
	uint32_t referrer = SERVED_NONE, type = media_text(g, m->media_type);

	for (size_t i = 0; i < m->n; i++) {
		uint32_t child = get_object(g, &m->below[i].digest, m->below[i].size);

		if (m->kind == MEDIA_MANIFEST &&
		    (m->below[i].urls || media_type_is_foreign(m->below[i].media_type)))
			object_at(g, child)->flags |= SERVED_FOREIGN;
		served_graph_add(g, SERVED_LINKS, &child);
	}
	if (m->has_subject)
		referrer = add_referrer(g, m->subject.digest.str, d,
					(int64_t)object_at(g, number)->size, text_at(g, type),
					m->artifact_type, m->annotations);
	object_at(g, number)->media_type = type;
	object_at(g, number)->below = first;
	object_at(g, number)->nbelow = served_graph_count(g, SERVED_LINKS) - first;
	object_at(g, number)->referrer = referrer;
	for (size_t i = 0; m->kind == MEDIA_INDEX && i < m->n && !g->full; i++)
		add_manifest(g, link_at(g, first + (uint32_t)i), &m->below[i].digest,
			     m->below[i].media_type, depth + 1);
}

/* Reads the bytes of a manifest into g->bytes, checked against its digest; false, and why, when
 * they are not there. */
static bool read_manifest(struct served_graph *g, const struct digest *d, uint64_t size)
{
	struct err err = ERR_INIT;

	g->why = 0;
	if (size > LIMIT_MANIFEST ||
	    layout_look(g->layout, d, (int64_t)size, NULL) == BLOB_FILE_SIZE)
		return false;
	if (layout_read(g->layout, d, &g->bytes, &err) == 0)
		return g->bytes.n == size;
	g->why = err.sys;
	return false;
}

/* What an earlier table knows of the objects below a manifest. */
static void copy_below(struct served_graph *g, uint32_t number, const struct served_object *then,
		       int depth)
{
	const struct served *old = g->old;
	uint32_t first = served_graph_count(g, SERVED_LINKS), n = 0;
	struct err ignored;
	struct digest d;

	for (uint32_t i = 0; i < then->nbelow; i++) {
		const struct served_object *below = &old->objects[old->links[then->below + i]];
		uint32_t child = 0;

		if (digest_parse(&d, span_str(served_text(old, below->digest)), &ignored) == 0)
			child = get_object(g, &d, (int64_t)below->size);
		object_at(g, child)->flags |= below->flags & SERVED_FOREIGN;
		served_graph_add(g, SERVED_LINKS, &child);
	}
	n = served_graph_count(g, SERVED_LINKS) - first;
	object_at(g, number)->below = first;
	object_at(g, number)->nbelow = n;
	for (uint32_t i = 0; i < n && !g->full; i++) {
		const struct served_object *below = &old->objects[old->links[then->below + i]];
		const char *type = served_text(old, below->media_type);

		if ((below->flags & SERVED_MANIFEST) && link_at(g, first + i)) {
			digest_parse(&d, span_str(served_text(old, below->digest)), &ignored);
			add_manifest(g, link_at(g, first + i), &d, type, depth + 1);
		}
	}
}

/* Copies what an earlier table knows of this manifest; false when it has not read it. */
static bool copy_from_old(struct served_graph *g, uint32_t number, const struct digest *d,
			  int depth)
{
	uint32_t at = g->old ? served_find(g->old, d->str) : 0;
	const struct served_object *then = at ? &g->old->objects[at] : NULL;
	uint32_t type;

	if (!then || !(then->flags & SERVED_READ) || then->size != object_at(g, number)->size)
		return false;
	type = media_text(g, served_text(g->old, then->media_type));
	object_at(g, number)->media_type = type;
	if (then->referrer != SERVED_NONE) {
		const struct served_referrer *r = &g->old->referrers[then->referrer];
		struct served_referrer copy = {
			.subject = served_graph_text(g, served_text(g->old, r->subject)),
			.digest = served_graph_text(g, served_text(g->old, r->digest)),
			.json = served_graph_text(g, served_text(g->old, r->json)),
		};
		const char *artifact = served_text(g->old, r->type);

		copy.type = add_shared_text(g, artifact, strlen(artifact));
		type = served_graph_add(g, SERVED_REFERRERS, &copy);
		object_at(g, number)->referrer = type;
	}
	copy_below(g, number, then, depth);
	return true;
}

static bool was_odd(const struct served_graph *g, const struct digest *d)
{
	return g->old->objects[served_find(g->old, d->str)].flags & SERVED_ODD;
}

static void set_odd(struct served_graph *g, uint32_t number)
{
	object_at(g, number)->flags |= SERVED_ODD;
	if (!g->odd++)
		g->first_odd = number;
}

/* Whether the text has a digest in it. */
static bool names_content(struct span text)
{
	static const char *const algorithms[] = { "sha256:", "sha512:" };

	for (size_t i = 0; i < 2; i++)
		if (memmem(text.p, text.n, algorithms[i], strlen(algorithms[i])))
			return true;
	return false;
}

/* Reads a manifest and what is below it, unless that was done already. A document that is not
 * understood (an artifact manifest, schema 1, more layers than LIMIT_DESCRIPTORS, JSON with a byte
 * order mark) and that names content is SERVED_ODD; one that names none is served unchanged, under
 * the media type of its descriptor. */
static void add_manifest(struct served_graph *g, uint32_t number, const struct digest *d,
			 const char *hint, int depth)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err ignored = ERR_INIT;
	uint32_t type;

	if (!number || (object_at(g, number)->flags & SERVED_MANIFEST) || depth > LIMIT_NESTING)
		return;
	type = media_text(g, hint);
	object_at(g, number)->flags |= SERVED_MANIFEST;
	object_at(g, number)->media_type = type;
	if (copy_from_old(g, number, d, depth)) {
		object_at(g, number)->flags |= SERVED_READ;
		if (was_odd(g, d))
			set_odd(g, number);
		return;
	}
	if (!read_manifest(g, d, object_at(g, number)->size))
		return;
	object_at(g, number)->flags |= SERVED_READ;
	if (manifest_parse(&m, buf_span(&g->bytes), hint, &ignored) == 0)
		take_manifest(g, number, d, &m, depth);
	else if (names_content(buf_span(&g->bytes)))
		set_odd(g, number);
}

uint32_t served_graph_root(struct served_graph *g, const struct digest *d, int64_t size,
			   const char *media_type, int *reason)
{
	uint32_t number = get_object(g, d, size);

	g->why = 0;
	add_manifest(g, number, d, media_type ? media_type : "", 0);
	*reason = object_at(g, number)->flags & SERVED_ODD    ? SERVED_GRAPH_ODD
		  : object_at(g, number)->flags & SERVED_READ ? -1
							      : g->why;
	return number;
}

/* ---- repositories ---- */

/* "sha256-<64 hex>": where referrers are listed by clients of registries without the API
 * (distribution-spec, "Referrers Tag Schema"). Gives the subject. */
static bool is_fallback(const struct served_graph *g, const struct served_tag *t,
			struct digest *subject)
{
	const char *text = text_at(g, t->name);
	struct span name = span_str(text);

	if (!(span_starts(name, "sha256-") || span_starts(name, "sha512-")) || name.n != 7 + 64 ||
	    strspn(text + 7, "0123456789abcdef") != 64 ||
	    media_type_kind(text_at(g, object_at(g, t->object)->media_type)) != MEDIA_INDEX)
		return false;
	memcpy(subject->str, name.p, name.n + 1);
	subject->str[6] = ':';
	return true;
}

/* Adds referrers without a subject field of their own; those with one are known already. */
static void add_fallback(struct served_graph *g, const struct served_tag *t,
			 const struct digest *subject)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct served_object index = *object_at(g, t->object);
	struct err ignored = ERR_INIT;
	struct digest d;

	if (digest_parse(&d, span_str(text_at(g, index.digest)), &ignored) < 0 ||
	    !read_manifest(g, &d, index.size) ||
	    manifest_parse(&m, buf_span(&g->bytes), text_at(g, index.media_type), &ignored) < 0)
		return;
	for (size_t i = 0; i < m.n; i++) {
		const struct descriptor *below = &m.below[i];
		uint32_t number = find_object(g, below->digest.str);
		int64_t size = number ? (int64_t)object_at(g, number)->size : below->size;

		if (number && object_at(g, number)->referrer != SERVED_NONE)
			continue;
		number = add_referrer(g, subject->str, &below->digest, size, below->media_type,
				      below->artifact_type, below->annotations);
		if (number != SERVED_NONE)
			served_graph_add(g, SERVED_LISTED, &number);
	}
}

static int order_referrers(const void *a, const void *b, void *graph)
{
	const struct served_graph *g = graph;
	const struct served_referrer *v = served_graph_records(g, SERVED_REFERRERS);
	const struct served_referrer *x = &v[*(const uint32_t *)a], *y = &v[*(const uint32_t *)b];
	int order = strcmp(text_at(g, x->subject), text_at(g, y->subject));

	return order ? order : strcmp(text_at(g, x->digest), text_at(g, y->digest));
}

static void fill_listed(struct served_graph *g, struct served_repository *r)
{
	struct digest subject;

	r->listed = served_graph_count(g, SERVED_LISTED);
	for (uint32_t i = 0; i < r->nreached; i++) {
		const uint32_t *reached = served_graph_records(g, SERVED_REACHED);
		uint32_t referrer = object_at(g, reached[r->reached + i])->referrer;

		if (referrer != SERVED_NONE)
			served_graph_add(g, SERVED_LISTED, &referrer);
	}
	for (uint32_t i = 0; i < r->ntags; i++) {
		struct served_tag t =
			((struct served_tag *)served_graph_records(g, SERVED_TAGS))[r->tags + i];

		if (is_fallback(g, &t, &subject))
			add_fallback(g, &t, &subject);
	}
	r->nlisted = served_graph_count(g, SERVED_LISTED) - r->listed;
	if (r->nlisted)
		qsort_r((uint32_t *)served_graph_records(g, SERVED_LISTED) + r->listed, r->nlisted,
			sizeof(uint32_t), order_referrers, g);
}

void served_graph_repository(struct served_graph *g, struct served_repository *r)
{
	fill_listed(g, r);
	served_graph_add(g, SERVED_REPOSITORIES, r);
}

/* ---- the whole ---- */

/* Where each section goes; gives the size of the table. */
static uint64_t place_sections(const struct served_graph *g, struct served_head *h)
{
	uint64_t at = (sizeof(*h) + 7) / 8 * 8;

	for (size_t i = 0; i < SERVED_SECTIONS; i++) {
		h->sections[i].n = i == SERVED_TEXTS   ? g->texts.n
				   : i == SERVED_SLOTS ? g->nslots
						       : g->sections[i].n;
		h->sections[i].at = at;
		at += (h->sections[i].n * served_record[i] + 7) / 8 * 8;
	}
	return at;
}

int served_graph_finish(struct served_graph *g, const struct served_head *head, struct served *out,
			struct err *err)
{
	struct served_head h = *head;
	cleanup_free char *p = NULL;
	const char *from;

	h.size = place_sections(g, &h);
	h.salt = g->salt;
	if (g->full || buf_failed(&g->texts) || h.size > LIMIT_TABLE)
		return err_set(err, ERR_LIMIT, 0, "the table would have more than %lu MiB",
			       LIMIT_TABLE / MIB);
	p = xcalloc(1, h.size);
	for (size_t i = 0; i < SERVED_SECTIONS; i++) {
		from = i == SERVED_TEXTS   ? g->texts.p
		       : i == SERVED_SLOTS ? (const char *)g->slots
					   : g->sections[i].p;
		if (h.sections[i].n)
			memcpy(p + h.sections[i].at, from, h.sections[i].n * served_record[i]);
		/* not all of it twice */
		if (i < SERVED_TEXTS)
			free(take(g->sections[i].p));
	}
	memcpy(p, &h, sizeof(h));
	served_seal((struct served_head *)(void *)p);
	if (served_open(out, p, h.size, err) < 0)
		return -1;
	p = NULL;
	return 0;
}
