#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/store/generation.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "oci/store/marks.h"
#include "publish/change.h"
#include "publish/generation_find.h"
#include "publish/tag_match.h"
#include "publish/verb.h"

struct undo {
	const char *to, *reason;
	bool dry_run;
};

/* INVALID when a tag must not go where an undo would move it: that has something banned in it, or a
 * rollback called it bad. What an undo left, an undo may bring back. */
static int check_old(struct change *c, const struct entry *old, struct err *err)
{
	const struct mark *bad = marks_bad(&c->marks, old->ref, &old->digest);
	char digest[FORMAT_DIGEST];

	format_digest(old->digest.str, digest);
	if (change_check_banned(c, &old->digest, digest, err) < 0)
		return -1;
	if (!bad || bad->by == MARK_UNDO)
		return 0;
	return err_set(err, ERR_INVALID, 0, "stays: %s was called bad by a %s%s%s%s", digest,
		       mark_by_word(bad->by), bad->reason[0] ? " (" : "", bad->reason,
		       bad->reason[0] ? ")" : "");
}

static void skip_frozen(struct change *c, const struct entry *e)
{
	cleanup_by(hold_release_words) struct hold_words words = { .reason = NULL };
	cleanup_free char *text = NULL;

	hold_read_words(e, &words);
	text = xasprintf("stays: it is frozen%s%s", words.reason[0] ? ": " : "", words.reason);
	change_skip(c, e, text);
}

static void move_tag_back(struct change *c, struct entry *e, const struct entry *old,
			  const char *source)
{
	struct digest was = e->digest;
	struct err err;
	struct change_item *item = change_move(c, e, old, &err);

	if (!item) {
		change_fail(c, e->ref, &err);
		return;
	}
	item->source = xstrdup(source);
	item->message = xstrdup("held");
	marks_clear_bad(&c->marks, e->ref, &e->digest);
	marks_add_bad(&c->marks, e->ref, &was, MARK_UNDO, c->reason, c->who, c->retag.when);
}

static void undo_tag(struct change *c, struct entry *e, const struct entry *old, const char *source)
{
	struct err err;

	if (hold_is_frozen(e))
		skip_frozen(c, e);
	else if (check_old(c, old, &err) < 0)
		change_fail(c, e->ref, &err);
	else
		move_tag_back(c, e, old, source);
}

static bool is_local(const struct entry *e)
{
	return !entry_annotation(e, ANNOTATION_LIST);
}

/* Whether the undo is about a tag: with --to about every listed one; otherwise (sync is what that
 * sync published) about those that it moved. */
static bool is_meant(const struct entry *e, const struct entry *old, const struct index *sync)
{
	const struct entry *moved;

	if (!sync)
		return !entry_annotation(e, ANNOTATION_UNLISTED_SINCE);
	moved = index_find(sync, old->ref);
	return moved && !digest_eq(&moved->digest, &old->digest);
}

/* What was removed or added since then stays so, and so do snapshots and local tags. */
static void undo_all(struct change *c, const struct found_generation *found,
		     const struct index *sync)
{
	cleanup_free char *source = xasprintf("generation %ld", found->number);

	for (size_t i = 0; i < found->index.n; i++) {
		const struct entry *old = found->index.v[i];
		struct entry *e = index_find(&c->mirror.index, old->ref);

		if (e && tag_match_is_image(e) && !is_local(e) &&
		    !entry_annotation(old, ANNOTATION_SNAPSHOT_OF) && is_meant(e, old, sync) &&
		    !digest_eq(&e->digest, &old->digest))
			undo_tag(c, e, old, source);
	}
}

/* Reads the generation to go back to. 1 when no sync is left to undo, which is reported on
 * stderr. */
static int find_generation(struct found_generation *found, const struct change *c,
			   const struct undo *o, struct err *err)
{
	const struct layout *l = &c->mirror.layout;
	const struct index *now = &c->mirror.index;

	if (o->to)
		return generation_find_named(found, l, generation_number(now), o->to, err);
	if (generation_find_before_sync(found, l, now, err) == 0)
		return 0;
	if (err->kind != ERR_NOTFOUND)
		return -1;
	message_err(err);
	return 1;
}

static int publish_undo(const struct invocation *inv, const struct undo *o, struct err *err)
{
	cleanup_by(change_release) struct change c = CHANGE_INIT;
	cleanup_by(found_generation_release) struct found_generation found = FOUND_GENERATION_INIT;
	cleanup_by(index_release) struct index sync = INDEX_INIT;
	int r;

	c.dry_run = o->dry_run;
	if (cli_opt_check_text("reason", o->reason, LIMIT_REASON, err) < 0 ||
	    change_begin(&c, inv, RETAG_BY_UNDO, o->reason, err) < 0)
		return -1;
	r = find_generation(&found, &c, o, err);
	if (r != 0)
		return r < 0 ? -1 : EXIT_PART;
	if (!o->to && generation_read(&c.mirror.layout, found.number + 1, &sync, err) < 0)
		return -1;
	undo_all(&c, &found, o->to ? NULL : &sync);
	return change_finish(&c, inv, err);
}

static void undo_options(void *options, struct cli_table *table)
{
	struct undo *o = options;
	const struct cli_opt rows[] = {
		{ .name = "to",
		  .value = "GENERATION|LABEL",
		  .to = &o->to,
		  .help = "the generation that every listed tag goes back to" },
		{ .name = "reason",
		  .value = "TEXT",
		  .to = &o->reason,
		  .help = "why; kept with the marks and in the journal" },
		{ .name = "dry-run",
		  .flag = &o->dry_run,
		  .help = "say what would move, and change nothing" },
	};

	CLI_TABLE_ADD(table, rows);
}

static int undo_run(const struct invocation *inv, const void *options, char **words, size_t n,
		    struct err *err)
{
	if (n)
		return err_set(err, ERR_USAGE, 0,
			       "undo takes no PATTERN (\"%s\"): it is about all tags of a sync; "
			       "rollback is about some",
			       words[0]);
	return publish_undo(inv, options, err);
}

const struct verb verb_undo = {
	.name = "undo",
	.words = "[--to GENERATION|LABEL]",
	.summary = "take back a sync, or go to a generation",
	.text = "Without --to, each tag that the last sync moved goes back to where it was before; "
		"a sync that moved nothing does not count. With --to, each listed tag goes to "
		"where it was in that generation.\n\n"
		"This publishes a new generation and loses nothing. Snapshots and tags that were "
		"added since then stay; local, frozen and removed tags stay as they are. The "
		"content that a tag is moved from is kept under a snapshot name of today and is "
		"bad for that tag from then on, by undo: no sync moves the tag there until "
		"\"mirror-publish release\", but a later undo may, so an undo can be undone. No "
		"undo moves a tag to what a rollback called bad, or to what has a banned manifest, "
		"config or layer in it: such a tag stays and is named.",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish undo --reason 'sprint 47 broke the nightly build'",
			  NULL },
			{ "mirror-publish undo --to sprint-46", NULL },
			{ NULL, NULL },
		},
	.statuses =
		(const struct exit_status_row[]){
			{ EXIT_OK, NULL, "done (also when there was nothing to move)" },
			{ EXIT_PART, NULL, "some tags could not be put back" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON | VERB_WAIT,
	.options_size = sizeof(struct undo),
	.options = undo_options,
	.run = undo_run,
};
