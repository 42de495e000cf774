#include "publish/change.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/image/snapshot_suffix.h"
#include "oci/store/generation.h"
#include "oci/store/reach.h"
#include "oci/store/reserve.h"
#include "publish/change_report.h"
#include "publish/verb.h"

/* The suffix of the last sync's snapshots: all snapshots of a mirror have one. */
static const char *suffix_of(const struct index *x)
{
	const char *suffix = index_annotation(x, ANNOTATION_SNAPSHOT_SUFFIX);
	struct err ignored;

	return suffix && snapshot_suffix_check(suffix, &ignored) == 0 ? suffix
								      : SNAPSHOT_SUFFIX_DEFAULT;
}

/* A verb that has lost the race against other publishers too often holds the lock from here on. */
static int open_mirror(struct change *c, const struct invocation *inv, struct err *err)
{
	if (c->dry_run && mirror_read(&c->mirror, inv->mirror, err) < 0)
		return -1;
	if (c->dry_run && c->mirror.doubt.kind != ERR_NONE) {
		*err = c->mirror.doubt;
		return err_failed();
	}
	if (c->dry_run)
		return 0;
	if (inv->lock_first)
		return mirror_lock(&c->mirror, inv->mirror, inv->who, inv->wait, err);
	return mirror_open(&c->mirror, inv->mirror, inv->who, inv->wait, err);
}

int change_begin(struct change *c, const struct invocation *inv, const char *made_by,
		 const char *reason, struct err *err)
{
	if (open_mirror(c, inv, err) < 0)
		return -1;
	if (marks_load(&c->marks, &c->mirror.index, err) < 0)
		return err_wrap(err, "%s/index.json", inv->mirror);
	c->banned = banned_init(&c->mirror.layout, &c->marks);
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
	banned_release(&c->banned);
	marks_release(&c->marks);
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
		.pattern = c->pattern,
	};
	return &c->items[c->nitems++];
}

void change_note(struct change *c, const struct entry *e, const char *message)
{
	add_item(c, e->ref, e->digest.str, e->digest.str)->message = xstrdup(message);
}

void change_note_ref(struct change *c, const char *ref, const char *message)
{
	add_item(c, ref, NULL, NULL)->message = xstrdup(message);
}

void change_skip(struct change *c, const struct entry *e, const char *message)
{
	change_note(c, e, message);
	c->items[c->nitems - 1].is_idle = true;
}

void change_fail(struct change *c, const char *ref, const struct err *why)
{
	struct change_item *item = add_item(c, ref, NULL, NULL);

	item->message = xstrdup(why->msg);
	item->failed = item->is_idle = c->failed = true;
}

/* Copies an entry's annotations and content, but leaves e the annotations that belong to its
 * name. */
static void copy_content(struct entry *e, const struct entry *from)
{
	static const char *const of_name[] = { ANNOTATION_HELD, ANNOTATION_GONE_SINCE,
					       ANNOTATION_UNLISTED_SINCE, ANNOTATION_KEEP,
					       ANNOTATION_KEEP_FOR,
					       /* what the lists of today say of the name */
					       ANNOTATION_PRIVATE, ANNOTATION_OWNER,
					       ANNOTATION_REASON };
	static const char *const of_snapshot[] = { ANNOTATION_SNAPSHOT_OF, ANNOTATION_SNAPSHOT_AT,
						   ANNOTATION_SNAPSHOT_BY, ANNOTATION_SNAPSHOT_IN,
						   ANNOTATION_SNAPSHOT_STAYS };
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

int change_check_banned(struct change *c, const struct digest *d, const char *what, struct err *err)
{
	const struct mark *k = banned_in(&c->banned, d);
	char part[FORMAT_DIGEST];

	if (!k)
		return 0;
	format_digest(k->digest.str, part);
	if (digest_eq(&k->digest, d))
		part[0] = '\0';
	return err_set(err, ERR_INVALID, 0, "stays: %s%s%s%s banned by %s%s%s%s", what,
		       part[0] ? " contains " : "", part, part[0] ? "," : " is",
		       mark_by_word(k->by), k->reason[0] ? " (" : "", k->reason,
		       k->reason[0] ? ")" : "");
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

/* On a full disk the operator's verb gets the room that is kept for it. */
static long publish_with_room(struct change *c, const struct publication *what, struct err *err)
{
	const struct layout *l = &c->mirror.layout;
	long number = generation_publish(l, &c->mirror.index, what, err);

	if (number >= 0 || !reserve_spend(l, err))
		return number;
	message_line("the disk is full: used the room that is kept for this (.mirror/reserve); "
		     "make room for the next sync");
	return generation_publish(l, &c->mirror.index, what, err);
}

/* 0: published; VERB_AGAIN: another publisher came first. */
static int publish_change(struct change *c, const struct invocation *inv, struct err *err)
{
	struct err no_table = ERR_INIT;
	struct publication publication = {
		.made_by = c->made_by,
		.who = c->who,
		.lines = c->lines,
		.nlines = c->nlines,
		.no_table = &no_table,
	};
	int current = c->mirror.lock >= 0 ? 1 : mirror_relock(&c->mirror, inv->who, inv->wait, err);

	if (current < 1)
		return current < 0 ? -1 : VERB_AGAIN;
	marks_save(&c->marks, &c->mirror.index);
	c->generation = publish_with_room(c, &publication, err);
	if (c->generation < 0)
		return err_wrap(err, "nothing was changed");
	if (no_table.kind != ERR_NONE)
		message_warn("generation %ld has no table for mirror-serve, whose start and reload "
			     "take longer without: %s",
			     c->generation, no_table.msg);
	c->published = true;
	mirror_unlock(&c->mirror);
	return 0;
}

int change_finish(struct change *c, const struct invocation *inv, struct err *err)
{
	int r;

	c->generation = generation_number(&c->mirror.index);
	if (c->nlines && !c->dry_run && (r = publish_change(c, inv, err)) != 0)
		return r;
	change_report(c, inv);
	return c->failed ? EXIT_PART : EXIT_OK;
}
