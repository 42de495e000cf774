#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/store/generation.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "publish/change.h"
#include "publish/generation_find.h"
#include "publish/snapshots.h"
#include "publish/tag_match.h"
#include "publish/verb.h"

struct undo {
	const char *to, *reason;
};

/* Blocks the digest that the tag was moved from, and those that were blocked on it in the earlier
 * generation. */
static void hold_moved(struct change *c, struct entry *e, const struct entry *old,
		       const struct digest *was)
{
	struct digest blocked[HOLD_DIGESTS];
	size_t n = hold_digests(old, blocked);

	while (n-- > 0)
		hold_set(e, HOLD_BLOCKED, &blocked[n], NULL, NULL, c->retag.when);
	hold_set(e, HOLD_BLOCKED, was, c->reason, c->who, c->retag.when);
}

/* Undoing a rollback brings back the content that it marked bad: says so. */
static void warn_of_bad(const struct index *x, const struct entry *e)
{
	cleanup_free struct entry **v = NULL;
	size_t n = snapshots_of(x, e->ref, &v);

	for (size_t i = 0; i < n; i++) {
		const char *bad = entry_annotation(v[i], ANNOTATION_BAD);

		if (!bad || !digest_eq(&v[i]->digest, &e->digest))
			continue;
		message_warn("%s: its content now is marked bad: %s (release takes the mark away)",
			     e->ref, bad);
		return;
	}
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
	item->message = xstrdup(hold_mode_of(e) == HOLD_FROZEN ? "still frozen" : "held");
	hold_moved(c, e, old, &was);
	warn_of_bad(&c->mirror.index, e);
}

static void restore_tag(struct change *c, const struct entry *old, const char *source)
{
	struct err err;
	struct change_item *item = change_restore(c, old, &err);

	if (!item) {
		change_fail(c, old->ref, &err);
		return;
	}
	item->source = xstrdup(source);
	item->message = xstrdup("published again");
}

/* A snapshot is not moved, since it keeps old content; and not restored, since retention removed
 * it. */
static void undo_all(struct change *c, const struct found_generation *found)
{
	cleanup_free char *source = xasprintf("generation %ld", found->number);

	for (size_t i = 0; i < found->index.n; i++) {
		const struct entry *old = found->index.v[i];
		struct entry *e = index_find(&c->mirror.index, old->ref);

		if (entry_annotation(old, ANNOTATION_SNAPSHOT_OF))
			continue;
		if (!e)
			restore_tag(c, old, source);
		else if (tag_match_is_tag(e) && !digest_eq(&e->digest, &old->digest))
			move_tag_back(c, e, old, source);
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
	int r;

	if (cli_opt_check_text("reason", o->reason, LIMIT_REASON, err) < 0 ||
	    change_begin(&c, inv, RETAG_BY_UNDO, o->reason, err) < 0)
		return -1;
	r = find_generation(&found, &c, o, err);
	if (r != 0)
		return r < 0 ? -1 : EXIT_PART;
	undo_all(&c, &found);
	return change_finish(&c, inv, err);
}

static void undo_options(void *options, struct cli_table *table)
{
	struct undo *o = options;
	const struct cli_opt rows[] = {
		{ .name = "to",
		  .value = "GENERATION|LABEL",
		  .to = &o->to,
		  .help = "the generation to go back to; default: the one before the last sync" },
		{ .name = "reason",
		  .value = "TEXT",
		  .to = &o->reason,
		  .help = "why; kept with the holds and in the journal" },
	};

	CLI_TABLE_ADD(table, rows);
}

static int undo_run(const struct invocation *inv, const void *options, char **words, size_t n,
		    struct err *err)
{
	if (n)
		return err_set(err, ERR_USAGE, 0,
			       "undo takes no PATTERN (\"%s\"): it is about all tags; rollback is "
			       "about some",
			       words[0]);
	return publish_undo(inv, options, err);
}

const struct verb verb_undo = {
	.name = "undo",
	.words = "[--to GENERATION|LABEL]",
	.summary = "put every tag back to an earlier generation",
	.text = "This publishes a new generation and loses nothing. Snapshots and tags that were "
		"added since then stay; tags that were removed since then come back. The content "
		"that a tag is moved from is kept under a snapshot name of today, and the tag is "
		"held until upstream offers something else.",
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
