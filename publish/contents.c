#include "publish/contents.h"

#include <stdbool.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/manifest.h"
#include "oci/store/layout.h"
#include "oci/store/served.h"
#include "publish/wanted.h"

/* A manifest that was read from the disk. */
struct seen {
	struct digest digest;
	uint64_t mask;
};

static enum wanted_role role_of_document(enum media_type_kind kind)
{
	return kind == MEDIA_INDEX ? WANTED_INDEX : WANTED_MANIFEST;
}

/* What member i of a document is that has this kind and names this media type. */
static enum wanted_role role_below(enum media_type_kind kind, size_t i, const char *media_type)
{
	if (kind == MEDIA_INDEX)
		return role_of_document(media_type_kind(media_type));
	return i ? WANTED_LAYER : WANTED_CONFIG;
}

/* ---- from the table ---- */

static const char *digest_text(const struct served *t, uint32_t number)
{
	return served_text(t, t->objects[number].digest);
}

/* Says what the wanted digests are that a document of the table names. */
static void tell_roles(struct contents *c, uint32_t number)
{
	const struct served *t = c->table;
	const struct served_object *o = &t->objects[number];
	enum media_type_kind kind = media_type_kind(served_text(t, o->media_type));

	if (c->masks[number] && (o->flags & SERVED_READ))
		wanted_set_role(c->wanted, c->masks[number], role_of_document(kind));
	for (uint32_t i = 0; i < o->nbelow; i++) {
		uint32_t below = t->links[o->below + i];

		if (c->masks[below])
			wanted_set_role(
				c->wanted, c->masks[below],
				role_below(kind, i, served_text(t, t->objects[below].media_type)));
	}
}

/* Gives documents what is below them, one floor at a time; false when nothing was new. */
static bool carry_up(struct contents *c)
{
	const struct served *t = c->table;
	bool changed = false;

	for (uint32_t number = 1; number < t->nobjects; number++) {
		const struct served_object *o = &t->objects[number];
		uint64_t mask = c->masks[number];

		for (uint32_t i = 0; i < o->nbelow; i++)
			mask |= c->masks[t->links[o->below + i]];
		changed = changed || mask != c->masks[number];
		c->masks[number] = mask;
	}
	return changed;
}

static uint64_t mask_on_disk(struct contents *c, const struct digest *d, int depth);

static void look_through_table(struct contents *c)
{
	const struct served *t = c->table;
	struct err ignored;
	struct digest d;

	c->masks = xcalloc(t->nobjects + 1, sizeof(*c->masks));
	for (uint32_t i = 1; i < t->nobjects; i++)
		c->masks[i] = wanted_match(c->wanted, span_str(digest_text(t, i)));
	for (uint32_t i = 1; i < t->nobjects; i++)
		tell_roles(c, i);
	/* a table has no links of what it does not understand */
	for (uint32_t i = 1; i < t->nobjects; i++)
		if ((t->objects[i].flags & SERVED_ODD) &&
		    digest_parse(&d, span_str(digest_text(t, i)), &ignored) == 0)
			c->masks[i] |= mask_on_disk(c, &d, 0);
	while (carry_up(c))
		;
}

void contents_init(struct contents *c, const struct layout *l, const struct served *table,
		   struct wanted *w)
{
	*c = (struct contents){ .layout = l,
				.table = table,
				.wanted = w,
				.seen = TABLE_INIT,
				.bytes = BUF_INIT(LIMIT_MANIFEST) };
	if (table)
		look_through_table(c);
}

void contents_release(struct contents *c)
{
	free(c->masks);
	table_clear(&c->seen, free);
	buf_release(&c->bytes);
}

/* ---- from the disk ---- */

static void note_unread(struct contents *c, const struct digest *d)
{
	if (!c->unread++)
		c->first_unread = *d;
}

/* Whether parsing cannot find more: no wanted digest stands there, no child that might have one,
 * and no escape that might spell one. */
static bool has_nothing(const struct contents *c, struct span text)
{
	return !memchr(text.p, '\\', text.n) &&
	       !memmem(text.p, text.n, "\"manifests\"", strlen("\"manifests\"")) &&
	       !wanted_is_named(c->wanted, text);
}

static uint64_t mask_below(struct contents *c, const struct manifest *m, int depth)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct descriptor *below = &m->below[i];
		uint64_t own = wanted_match(c->wanted, span_str(below->digest.str));

		wanted_set_role(c->wanted, own, role_below(m->kind, i, below->media_type));
		mask |= own;
		if (m->kind == MEDIA_INDEX)
			mask |= mask_on_disk(c, &below->digest, depth + 1);
	}
	return mask;
}

static uint64_t mask_inside(struct contents *c, const struct digest *d, uint64_t own, int depth)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err err = ERR_INIT;

	buf_clear(&c->bytes);
	if (depth > LIMIT_NESTING)
		return 0;
	if (layout_read(c->layout, d, &c->bytes, &err) < 0) {
		if (!depth || err.kind != ERR_NOTFOUND)
			note_unread(c, d);
		return 0;
	}
	if (!own && has_nothing(c, buf_span(&c->bytes)))
		return 0;
	if (manifest_parse(&m, buf_span(&c->bytes), NULL, &err) < 0)
		return wanted_in(c->wanted, buf_span(&c->bytes));
	wanted_set_role(c->wanted, own, role_of_document(m.kind));
	return mask_below(c, &m, depth);
}

static uint64_t mask_on_disk(struct contents *c, const struct digest *d, int depth)
{
	struct seen *s = table_get(&c->seen, d->str);

	if (s)
		return s->mask;
	s = xcalloc(1, sizeof(*s));
	s->digest = *d;
	table_put(&c->seen, s->digest.str, s);
	s->mask = wanted_match(c->wanted, span_str(d->str));
	s->mask |= mask_inside(c, d, s->mask, depth);
	return s->mask;
}

uint64_t contents_of(struct contents *c, const struct digest *d)
{
	uint32_t number = c->table ? served_find(c->table, d->str) : 0;
	const struct served_object *o = number ? &c->table->objects[number] : NULL;

	if (o && (o->flags & SERVED_READ) && !(o->flags & SERVED_ODD))
		return c->masks[number];
	return mask_on_disk(c, d, 0);
}
