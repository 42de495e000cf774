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
#include "oci/cli/message.h"
#include "oci/image/snapshot_suffix.h"
#include "oci/store/generation.h"
#include "publish/completeness.h"
#include "publish/format.h"
#include "publish/verb.h"

/* The suffix of the last sync's snapshots, so that all of a mirror are named alike. */
static const char *suffix_of(const struct index *x)
{
	const char *suffix = index_annotation(x, ANNOTATION_SNAPSHOT_SUFFIX);
	struct err ignored;

	return suffix && snapshot_suffix_check(suffix, &ignored) == 0 ? suffix
								      : SNAPSHOT_SUFFIX_DEFAULT;
}

int change_begin(struct change *c, const struct invocation *run, const char *made_by,
		 const char *reason, struct err *err)
{
	if (mirror_lock(&c->mirror, run->mirror, run->who, run->wait, err) < 0)
		return -1;
	c->made_by = made_by;
	c->reason = reason;
	c->who = run->who;
	c->move = (struct retag){
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
		free(item->to);
		free(item->kept);
		free(item->said);
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

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

void change_journal(struct change *c, const char *ref, const char *old_digest,
		    const char *new_digest, const char *why, const char *detail)
{
	c->lines = xgrow(c->lines, c->nlines, &c->caplines, sizeof(*c->lines));
	c->lines[c->nlines++] = (struct journal_line){
		.ref = copy(ref),
		.old_digest = copy(old_digest),
		.new_digest = copy(new_digest),
		.why = copy(why),
		.detail = copy(detail),
		.who = c->who,
	};
}

static struct change_item *add_item(struct change *c, const char *ref, const char *old_digest,
				    const char *new_digest)
{
	c->items = xgrow(c->items, c->nitems, &c->capitems, sizeof(*c->items));
	c->items[c->nitems] = (struct change_item){
		.ref = xstrdup(ref),
		.old_digest = copy(old_digest),
		.new_digest = copy(new_digest),
	};
	return &c->items[c->nitems++];
}

struct change_item *change_say(struct change *c, const struct entry *e, const char *said)
{
	struct change_item *item = add_item(c, e->ref, e->digest.str, e->digest.str);

	item->said = xstrdup(said);
	return item;
}

void change_fail(struct change *c, const char *ref, const struct err *why)
{
	struct change_item *item = add_item(c, ref, NULL, NULL);

	item->said = xstrdup(why->msg);
	item->failed = c->failed = true;
}

/* What is said of the content comes with it; what is said of the name stays. */
static void take_notes(struct entry *e, const struct entry *from)
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
		kept[i] = copy(entry_annotation(e, of_name[i]));
	entry_copy(e, from);
	for (size_t i = 0; i < NAMES; i++) {
		entry_set_annotation(e, of_name[i], kept[i]);
		free(kept[i]);
	}
	for (size_t i = 0; i < sizeof(of_snapshot) / sizeof(of_snapshot[0]); i++)
		entry_set_annotation(e, of_snapshot[i], NULL);
}

struct change_item *change_move(struct change *c, struct entry *e, const struct entry *to,
				struct err *err)
{
	struct digest old = e->digest;
	size_t before = c->mirror.index.n;
	struct change_item *item;
	struct entry *kept;

	if (completeness_check(&c->mirror.layout, to, err) < 0 ||
	    retag_move(&c->move, e, to->media_type, &to->digest, to->size, &kept, err) < 0)
		return NULL;
	take_notes(e, to);
	item = add_item(c, e->ref, old.str, e->digest.str);
	item->kept = copy(kept ? kept->ref : NULL);
	if (kept && c->mirror.index.n > before)
		change_journal(c, kept->ref, NULL, old.str, "snapshot", e->ref);
	change_journal(c, e->ref, old.str, e->digest.str, c->made_by, c->reason);
	return item;
}

struct change_item *change_restore(struct change *c, const struct entry *old, struct err *err)
{
	struct entry *e;

	if (completeness_check(&c->mirror.layout, old, err) < 0)
		return NULL;
	e = index_add(&c->mirror.index, old->ref);
	entry_copy(e, old);
	change_journal(c, e->ref, NULL, e->digest.str, c->made_by, c->reason);
	return add_item(c, e->ref, NULL, e->digest.str);
}

/* Why and whence, in the last column. */
static void add_words(struct columns *table, const struct change_item *item)
{
	columns_add(table, INK_PLAIN, "%s%s%s%s%s", item->to ? item->to : "",
		    item->to && item->said ? ", " : "", item->said ? item->said : "",
		    item->kept ? "; kept: " : "", item->kept ? format_tag(item->kept) : "");
	columns_end(table);
}

static void add_row(struct columns *table, const struct change_item *item)
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
	add_words(table, item);
}

static void print_text(const struct change *c, const struct invocation *run)
{
	cleanup_by(columns_release) struct columns table = COLUMNS_INIT;

	for (size_t i = 0; i < c->nitems; i++) {
		if (c->items[i].failed)
			message_line("%s: %s", c->items[i].ref, c->items[i].said);
		else
			add_row(&table, &c->items[i]);
	}
	columns_print(&table, stdout, run->color);
	if (c->published)
		message_line("generation %ld is published", c->generation);
	else
		message_line("nothing to change: generation %ld stays", c->generation);
}

static void print_json(const struct change *c)
{
	cleanup_json json_t *images = json_array(), *all = NULL;
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX);

	for (size_t i = 0; i < c->nitems; i++) {
		const struct change_item *item = &c->items[i];

		json_array_append_new(images, json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}",
							"ref", item->ref, "old", item->old_digest,
							"new", item->new_digest, "to", item->to,
							"snapshot", item->kept, "note",
							item->failed ? NULL : item->said, "error",
							item->failed ? item->said : NULL));
	}
	all = json_pack("{s:I, s:b, s:O}", "generation", (json_int_t)c->generation, "published",
			c->published, "images", images);
	json_write(&text, all);
	puts(text.p);
}

int change_finish(struct change *c, const struct invocation *run, struct err *err)
{
	struct publication what = { .made_by = c->made_by, .lines = c->lines, .nlines = c->nlines };

	c->generation = generation_number(&c->mirror.index);
	if (c->nlines) {
		c->generation = generation_publish(&c->mirror.layout, &c->mirror.index, &what, err);
		if (c->generation < 0)
			return err_wrap(err, "nothing was changed");
		c->published = true;
	}
	if (run->json)
		print_json(c);
	else
		print_text(c, run);
	return c->failed ? EXIT_PART : EXIT_DONE;
}
