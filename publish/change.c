#include "publish/change.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/cli/columns.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/image/snapshot_suffix.h"
#include "oci/store/generation.h"
#include "oci/store/reach.h"
#include "publish/verb.h"

/* The suffix of the last sync's snapshots: all snapshots of a mirror have one. */
static const char *suffix_of(const struct index *x)
{
	const char *suffix = index_annotation(x, ANNOTATION_SNAPSHOT_SUFFIX);
	struct err ignored;

	return suffix && snapshot_suffix_check(suffix, &ignored) == 0 ? suffix
								      : SNAPSHOT_SUFFIX_DEFAULT;
}

int change_begin(struct change *c, const struct invocation *inv, const char *made_by,
		 const char *reason, struct err *err)
{
	if (mirror_lock(&c->mirror, inv->mirror, inv->who, inv->wait, err) < 0)
		return -1;
	c->made_by = made_by;
	c->reason = reason;
	c->who = inv->who;
	c->retag = (struct retag){
		.index = &c->mirror.index,
		.suffix = suffix_of(&c->mirror.index),
		.when = clock_wall(),
		.by = made_by,
	};
	return 0;
}

void change_release(struct change *c)
{
	for (size_t i = 0; i < c->nitems; i++) {
		struct change_item *item = &c->items[i];

		free(item->ref);
		free(item->old_digest);
		free(item->new_digest);
		free(item->source);
		free(item->snapshot);
		free(item->message);
	}
	free(c->items);
	for (size_t i = 0; i < c->nlines; i++) {
		free((char *)c->lines[i].ref);
		free((char *)c->lines[i].old_digest);
		free((char *)c->lines[i].new_digest);
		free((char *)c->lines[i].why);
		free((char *)c->lines[i].detail);
	}
	free(c->lines);
	mirror_release(&c->mirror);
	*c = (struct change)CHANGE_INIT;
}

static char *copy_text(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

void change_journal(struct change *c, const char *ref, const char *old_digest,
		    const char *new_digest, const char *why, const char *detail)
{
	c->lines = xgrow(c->lines, c->nlines, &c->caplines, sizeof(*c->lines));
	c->lines[c->nlines++] = (struct journal_line){
		.ref = copy_text(ref),
		.old_digest = copy_text(old_digest),
		.new_digest = copy_text(new_digest),
		.why = copy_text(why),
		.detail = copy_text(detail),
		.who = c->who,
	};
}

static struct change_item *add_item(struct change *c, const char *ref, const char *old_digest,
				    const char *new_digest)
{
	c->items = xgrow(c->items, c->nitems, &c->capitems, sizeof(*c->items));
	c->items[c->nitems] = (struct change_item){
		.ref = xstrdup(ref),
		.old_digest = copy_text(old_digest),
		.new_digest = copy_text(new_digest),
	};
	return &c->items[c->nitems++];
}

struct change_item *change_skip(struct change *c, const struct entry *e, const char *message)
{
	struct change_item *item = add_item(c, e->ref, e->digest.str, e->digest.str);

	item->message = xstrdup(message);
	return item;
}

void change_fail(struct change *c, const char *ref, const struct err *why)
{
	struct change_item *item = add_item(c, ref, NULL, NULL);

	item->message = xstrdup(why->msg);
	item->failed = c->failed = true;
}

/* Copies an entry's annotations and content, but leaves e the annotations that belong to its
 * name. */
static void copy_content(struct entry *e, const struct entry *from)
{
	static const char *const of_name[] = { ANNOTATION_HELD, ANNOTATION_GONE_SINCE,
					       ANNOTATION_UNLISTED_SINCE, ANNOTATION_KEEP,
					       ANNOTATION_KEEP_FOR };
	static const char *const of_snapshot[] = { ANNOTATION_SNAPSHOT_OF, ANNOTATION_SNAPSHOT_AT,
						   ANNOTATION_SNAPSHOT_BY, ANNOTATION_SNAPSHOT_IN,
						   ANNOTATION_BAD };
	enum { NAMES = sizeof(of_name) / sizeof(of_name[0]) };
	char *kept[NAMES];

	for (size_t i = 0; i < NAMES; i++)
		kept[i] = copy_text(entry_annotation(e, of_name[i]));
	entry_copy(e, from);
	for (size_t i = 0; i < NAMES; i++) {
		entry_set_annotation(e, of_name[i], kept[i]);
		free(kept[i]);
	}
	for (size_t i = 0; i < sizeof(of_snapshot) / sizeof(of_snapshot[0]); i++)
		entry_set_annotation(e, of_snapshot[i], NULL);
}

/* Keeps the first problem. */
static void keep_problem(const struct reach_problem *problem, void *arg)
{
	struct err *err = arg;

	if (err->kind == ERR_NONE)
		err_set(err, ERR_NOTFOUND, 0, "stays: it could not be pulled, since its %s %s %s",
			problem->role, problem->digest.str, problem->text);
}

/* Whether the image can be pulled: all that its entry reaches is on disk. NOTFOUND, naming the
 * first thing that is missing or wrong. */
static int check_complete(const struct layout *l, const struct entry *e, struct err *err)
{
	cleanup_by(reach_release) struct reach s;
	struct err first = ERR_INIT;

	reach_init(&s, l, REACH_PRESENT, keep_problem, &first);
	reach_entry(&s, e);
	if (!s.problems)
		return 0;
	*err = first;
	return -1;
}

struct change_item *change_move(struct change *c, struct entry *e, const struct entry *to,
				struct err *err)
{
	struct digest old = e->digest;
	size_t before = c->mirror.index.n;
	struct change_item *item;
	struct entry *kept;

	if (check_complete(&c->mirror.layout, to, err) < 0 ||
	    retag_move(&c->retag, e, to->media_type, &to->digest, to->size, &kept, err) < 0)
		return NULL;
	copy_content(e, to);
	item = add_item(c, e->ref, old.str, e->digest.str);
	item->snapshot = copy_text(kept ? kept->ref : NULL);
	if (kept && c->mirror.index.n > before)
		change_journal(c, kept->ref, NULL, old.str, "snapshot", e->ref);
	change_journal(c, e->ref, old.str, e->digest.str, c->made_by, c->reason);
	return item;
}

struct change_item *change_restore(struct change *c, const struct entry *old, struct err *err)
{
	struct entry *e;

	if (check_complete(&c->mirror.layout, old, err) < 0)
		return NULL;
	e = index_add(&c->mirror.index, old->ref);
	entry_copy(e, old);
	change_journal(c, e->ref, NULL, e->digest.str, c->made_by, c->reason);
	return add_item(c, e->ref, NULL, e->digest.str);
}

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

	for (size_t i = 0; i < c->nitems; i++) {
		if (c->items[i].failed)
			message_line("%s: %s", c->items[i].ref, c->items[i].message);
		else
			add_item_row(&table, &c->items[i]);
	}
	columns_print(&table, stdout, inv->color);
	if (c->published)
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
	all = json_pack("{s:I, s:b, s:O}", "generation", (json_int_t)c->generation, "published",
			c->published, "images", images);
	json_write(&text, all);
	puts(text.p);
}

int change_finish(struct change *c, const struct invocation *inv, struct err *err)
{
	struct publication publication = { .made_by = c->made_by,
					   .lines = c->lines,
					   .nlines = c->nlines };

	c->generation = generation_number(&c->mirror.index);
	if (c->nlines) {
		c->generation =
			generation_publish(&c->mirror.layout, &c->mirror.index, &publication, err);
		if (c->generation < 0)
			return err_wrap(err, "nothing was changed");
		c->published = true;
	}
	if (inv->json)
		print_items_json(c);
	else
		print_items(c, inv);
	return c->failed ? EXIT_PART : EXIT_OK;
}
