#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/cli/format.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "oci/store/marks.h"
#include "publish/change.h"
#include "publish/snapshots.h"
#include "publish/tag_match.h"
#include "publish/verb.h"

struct rollback {
	const char *digest, *to, *reason;
	bool freeze, dry_run;
};

/* The snapshot that the tag goes to, and when that content arrived (-1: as the snapshot says); NULL
 * with *err. */
static struct entry *choose_snapshot(struct change *c, const struct rollback *o,
				     const struct entry *e, long long *arrived, struct err *err)
{
	struct entry *to =
		o->to ? snapshots_named(&c->mirror.index, &c->banned, e, o->to, err)
		      : snapshots_previous(&c->mirror.index, &c->banned, e, arrived, err);
	cleanup_free char *what = to ? xasprintf("what \"%s\" keeps", format_tag(to->ref)) : NULL;

	return to && change_check_banned(c, &to->digest, what, err) == 0 ? to : NULL;
}

/* What the tag was moved away from is bad; what it was moved to, since somebody named it, is
 * not. */
static void mark_move(struct change *c, const struct rollback *o, struct entry *e,
		      const struct digest *was)
{
	marks_add_bad(&c->marks, e->ref, was, MARK_ROLLBACK, o->reason, c->who, c->retag.when);
	marks_clear_bad(&c->marks, e->ref, &e->digest);
	/* a tag that is frozen keeps its reason unless there is another one */
	if (o->freeze && (o->reason || !hold_is_frozen(e)))
		hold_freeze(e, o->reason, c->who, c->retag.when);
}

/* Of several stays of its content, e is back in the one that was chosen. */
static void set_arrival(struct entry *e, long long arrived)
{
	cleanup_free char *text = xasprintf("%lld", arrived);

	if (arrived >= 0)
		entry_set_annotation(e, ANNOTATION_SYNCED_IN, text);
}

static void roll_back_tag(struct change *c, const struct rollback *o, struct entry *e)
{
	struct digest was = e->digest;
	struct err err;
	long long arrived = -1;
	struct entry *to = choose_snapshot(c, o, e, &arrived, &err);
	struct change_item *item;

	if (to && digest_eq(&to->digest, &e->digest)) {
		change_skip(c, e, "means that already");
		return;
	}
	item = to ? change_move(c, e, to, &err) : NULL;
	if (!item) {
		change_fail(c, e->ref, &err);
		return;
	}
	set_arrival(e, arrived);
	mark_move(c, o, e, &was);
	item->source = xstrdup(format_tag(to->ref));
	item->message = xstrdup(hold_is_frozen(e) ? "frozen" : "held");
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

	c.dry_run = o->dry_run;
	if (check_command(o, patterns, n, err) < 0 ||
	    change_begin(&c, inv, RETAG_BY_ROLLBACK, o->reason, err) < 0)
		return -1;
	if (!o->digest)
		tag_match_patterns(&tags, &c.mirror.index, patterns, n, NULL);
	else if (tag_match_digest(&tags, &c.mirror.index, o->digest, err) < 0)
		return -1;
	c.failed = tags.missed > 0;
	for (size_t i = 0; i < tags.n; i++) {
		c.pattern = tags.which[i];
		roll_back_tag(&c, o, tags.v[i]);
	}
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
		  .help = "why; kept with the mark and in the journal" },
		{ .name = "dry-run",
		  .flag = &o->dry_run,
		  .help = "say what would move, and change nothing" },
	};

	CLI_TABLE_ADD(table, rows);
}

const struct verb verb_rollback = {
	.name = "rollback",
	.words = "PATTERN... | --digest D",
	.summary = "move tags back to a snapshot, for everybody",
	.text = "Without --to, a tag goes to its newest snapshot that is older than its content "
		"now, differs from it, is not bad, has no banned manifest, config or layer in it, "
		"and was not made by a rollback. "
		"Generations decide what is older, not the clock. The content that it had is kept "
		"under a snapshot name of today and is bad for that tag from then on: no sync, "
		"rollback or undo moves the tag there until \"mirror-publish release\".\n\n"
		"mirror-sync moves the tag to anything else that upstream offers; with --freeze, "
		"to nothing until the release. Signatures and other referrers stay where they "
		"are: they belong to a digest, not to a tag.",
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
