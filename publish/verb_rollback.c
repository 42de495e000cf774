#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/cli/format.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "publish/change.h"
#include "publish/snapshots.h"
#include "publish/tag_match.h"
#include "publish/verb.h"

struct rollback {
	const char *digest, *to, *reason;
	bool freeze;
};

/* Marks every snapshot of the tag that keeps d as bad, or takes the mark off (why NULL). */
static void mark_snapshots(const struct index *x, const char *ref, const struct digest *d,
			   const char *why)
{
	cleanup_free struct entry **v = NULL;
	size_t n = snapshots_of(x, ref, &v);

	for (size_t i = 0; i < n; i++)
		if (digest_eq(&v[i]->digest, d))
			entry_set_annotation(v[i], ANNOTATION_BAD, why);
}

static void roll_back_tag(struct change *c, const struct rollback *o, struct entry *e)
{
	struct digest was = e->digest;
	struct change_item *item;
	struct entry *to;
	struct err err;

	to = o->to ? snapshots_named(&c->mirror.index, e, o->to, &err)
		   : snapshots_previous(&c->mirror.index, e, &err);
	if (to && digest_eq(&to->digest, &e->digest)) {
		change_skip(c, e, "means that already");
		return;
	}
	item = to ? change_move(c, e, to, &err) : NULL;
	if (!item) {
		change_fail(c, e->ref, &err);
		return;
	}
	item->source = xstrdup(format_tag(to->ref));
	item->message = xstrdup(o->freeze ? "frozen" : "held");
	mark_snapshots(&c->mirror.index, e->ref, &was, o->reason ? o->reason : "rolled back");
	/* a bad snapshot that is named by --to is no longer bad */
	mark_snapshots(&c->mirror.index, e->ref, &e->digest, NULL);
	hold_set(e, o->freeze ? HOLD_FROZEN : HOLD_BLOCKED, &was, o->reason, c->who, c->retag.when);
}

static int check_command(const struct rollback *o, char **patterns, size_t n, struct err *err)
{
	if (!n == !o->digest)
		return err_set(err, ERR_USAGE, 0,
			       n ? "rollback takes PATTERNs or --digest, not both"
				 : "rollback what? name tags (PATTERN...) or content (--digest D)");
	if (cli_opt_check_text("reason", o->reason, LIMIT_REASON, err) < 0)
		return -1;
	return tag_match_check(patterns, n, err);
}

static int rollback_run(const struct invocation *inv, const void *options, char **patterns,
			size_t n, struct err *err)
{
	const struct rollback *o = options;
	cleanup_by(change_release) struct change c = CHANGE_INIT;
	cleanup_by(tag_match_release) struct tag_match tags = TAG_MATCH_INIT;

	if (check_command(o, patterns, n, err) < 0 ||
	    change_begin(&c, inv, RETAG_BY_ROLLBACK, o->reason, err) < 0)
		return -1;
	if (!o->digest)
		tag_match_patterns(&tags, &c.mirror.index, patterns, n);
	else if (tag_match_digest(&tags, &c.mirror.index, o->digest, err) < 0)
		return -1;
	c.failed = tags.missed > 0;
	for (size_t i = 0; i < tags.n; i++)
		roll_back_tag(&c, o, tags.v[i]);
	return change_finish(&c, inv, err);
}

static void rollback_options(void *options, struct cli_table *table)
{
	struct rollback *o = options;
	const struct cli_opt rows[] = {
		{ .name = "digest",
		  .value = "D",
		  .to = &o->digest,
		  .help = "every tag that means this digest now, instead of PATTERNs" },
		{ .name = "to",
		  .value = "STAMP",
		  .to = &o->to,
		  .help = "the snapshot to go back to: what follows the tag in its name, such as "
			  "20261113 or 20261113-2" },
		{ .name = "freeze",
		  .flag = &o->freeze,
		  .help = "hold the tags against everything, until released" },
		{ .name = "reason",
		  .value = "TEXT",
		  .to = &o->reason,
		  .help = "why; kept with the hold and in the journal" },
	};

	CLI_TABLE_ADD(table, rows);
}

const struct verb verb_rollback = {
	.name = "rollback",
	.words = "PATTERN... | --digest D",
	.summary = "move tags back to a snapshot, for everybody",
	.text = "Without --to, a tag goes to its newest snapshot that is older than its content "
		"now, differs from it and was not made by a rollback. The content that it had is "
		"kept under a snapshot name of today and marked bad, so that no rollback goes "
		"there.\n\n"
		"The tag is held from then on: mirror-sync moves it again as soon as upstream "
		"offers anything but the bad digest; with --freeze, only after \"mirror-publish "
		"release\".",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish rollback alpine:3.19 --reason 'breaks our builds'",
			  NULL },
			{ "mirror-publish rollback 'quay.io/prometheus/*' --to 20261113", NULL },
			{ NULL, NULL },
		},
	.statuses =
		(const struct exit_status_row[]){
			{ EXIT_PART, NULL, "some tags could not be rolled back" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON | VERB_WAIT,
	.options_size = sizeof(struct rollback),
	.options = rollback_options,
	.run = rollback_run,
};
