#include "publish/change_report.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/cli/columns.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/image/glob.h"
#include "publish/change.h"
#include "publish/verb.h"

/* ---- patterns that change nothing ---- */

struct idle_pattern {
	const char *pattern; /* lent */
	size_t tags;
	bool changes, is_told;
};

/* The patterns of a command line; few. */
struct idle {
	struct idle_pattern *v;
	size_t n, cap;
};

static void idle_release(struct idle *all)
{
	free(all->v);
}

static struct idle_pattern *idle_of(struct idle *all, const char *pattern)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].pattern == pattern)
			return &all->v[i];
	all->v = xgrow(all->v, all->n, &all->cap, sizeof(*all->v));
	all->v[all->n] = (struct idle_pattern){ .pattern = pattern };
	return &all->v[all->n++];
}

static void idle_collect(struct idle *all, const struct change *c)
{
	for (size_t i = 0; i < c->nitems; i++) {
		struct idle_pattern *p;

		if (!c->items[i].pattern || !glob_has_wildcard(span_str(c->items[i].pattern)))
			continue;
		p = idle_of(all, c->items[i].pattern);
		p->tags++;
		p->changes |= !c->items[i].is_idle;
	}
}

/* The pattern of the item when it changed none of several tags, or NULL. */
static struct idle_pattern *idle_find(struct idle *all, const struct change_item *item)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].pattern == item->pattern && all->v[i].tags > 1 && !all->v[i].changes)
			return &all->v[i];
	return NULL;
}

static void tell_idle(struct idle_pattern *p, const struct change_item *first)
{
	if (!p->is_told)
		message_line("%s: changes none of the %zu tags that it matches (%s: %s)",
			     p->pattern, p->tags, first->ref, first->message);
	p->is_told = true;
}

/* ---- items ---- */

/* The last column: from where its content comes, and why. */
static void add_remarks(struct columns *table, const struct change_item *item)
{
	columns_add(table, INK_PLAIN, "%s%s%s%s%s", item->source ? item->source : "",
		    item->source && item->message ? ", " : "", item->message ? item->message : "",
		    item->snapshot ? "; kept: " : "",
		    item->snapshot ? format_tag(item->snapshot) : "");
	columns_end(table);
}

static void add_item_row(struct columns *table, const struct change_item *item)
{
	bool moved = !item->old_digest || strcmp(item->old_digest, item->new_digest) != 0;
	char old[FORMAT_DIGEST], new[FORMAT_DIGEST];

	moved &= item->new_digest != NULL;
	format_digest(item->old_digest, old);
	format_digest(item->new_digest, new);
	columns_add(table, INK_PLAIN, "%s", item->ref);
	columns_add(table, INK_DIM, "%s", old);
	if (moved) {
		columns_add(table, INK_DIM, "->");
		columns_add(table, INK_GOOD, "%s", new);
	}
	add_remarks(table, item);
}

static void print_items(const struct change *c, const struct invocation *inv)
{
	cleanup_by(columns_release) struct columns table = COLUMNS_INIT;
	cleanup_by(idle_release) struct idle patterns = { .n = 0 };

	idle_collect(&patterns, c);
	for (size_t i = 0; i < c->nitems; i++) {
		struct idle_pattern *idle = idle_find(&patterns, &c->items[i]);

		if (idle)
			tell_idle(idle, &c->items[i]);
		else if (c->items[i].failed)
			message_line("%s: %s", c->items[i].ref, c->items[i].message);
		else
			add_item_row(&table, &c->items[i]);
	}
	columns_print(&table, stdout, inv->color);
	if (c->dry_run)
		message_line("--dry-run: nothing was changed; generation %ld stays", c->generation);
	else if (c->published)
		message_line("generation %ld is published", c->generation);
	else
		message_line("nothing to change: generation %ld stays", c->generation);
}

static void print_items_json(const struct change *c)
{
	cleanup_json json_t *images = json_array(), *all = NULL;
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX);

	for (size_t i = 0; i < c->nitems; i++) {
		const struct change_item *item = &c->items[i];

		json_array_append_new(images,
				      json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}", "ref",
						item->ref, "old", item->old_digest, "new",
						item->new_digest, "to", item->source, "snapshot",
						item->snapshot, "note",
						item->failed ? NULL : item->message, "error",
						item->failed ? item->message : NULL));
	}
	all = json_pack("{s:I, s:b, s:b, s:O}", "generation", (json_int_t)c->generation,
			"published", c->published, "dry_run", c->dry_run, "images", images);
	json_write(&text, all);
	puts(text.p);
}

void change_report(const struct change *c, const struct invocation *inv)
{
	if (inv->json)
		print_items_json(c);
	else
		print_items(c, inv);
}
