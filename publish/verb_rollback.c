#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "publish/change.h"
#include "publish/format.h"
#include "publish/snapshots.h"
#include "publish/tag_match.h"
#include "publish/verb.h"

struct rollback {
	const char *digest, *to, *reason;
	bool freeze;
};

/* Marks every snapshot of the tag that keeps d, or takes the mark off (why NULL). */
static void mark(const struct index *x, const char *ref, const struct digest *d, const char *why)
{
	cleanup_free struct entry **v = NULL;
	size_t n = snapshots_of(x, ref, &v);

	for (size_t i = 0; i < n; i++)
		if (digest_eq(&v[i]->digest, d))
			entry_set_annotation(v[i], ANNOTATION_BAD, why);
}

static void roll_back(struct change *c, const struct rollback *o, struct entry *e)
{
	struct digest was = e->digest;
	struct change_item *item;
	struct entry *to;
	struct err err;

	to = o->to ? snapshots_named(&c->mirror.index, e, o->to, &err)
		   : snapshots_previous(&c->mirror.index, e, &err);
	if (to && digest_eq(&to->digest, &e->digest)) {
		change_say(c, e, "means that already");
		return;
	}
	item = to ? change_move(c, e, to, &err) : NULL;
	if (!item) {
		change_fail(c, e->ref, &err);
		return;
	}
	item->to = xstrdup(format_tag(to->ref));
	item->said = xstrdup(o->freeze ? "frozen" : "held");
	mark(&c->mirror.index, e->ref, &was, o->reason ? o->reason : "rolled back");
	/* whoever names a snapshot that was bad has changed their mind about it */
	mark(&c->mirror.index, e->ref, &e->digest, NULL);
	hold_set(e, o->freeze ? HOLD_FROZEN : HOLD_BLOCKED, &was, o->reason, c->who, c->move.when);
}

static int check(const struct rollback *o, char **patterns, size_t n, struct err *err)
{
	if (!n == !o->digest)
		return err_set(err, ERR_USAGE, 0,
			       n ? "rollback takes PATTERNs or --digest, not both"
				 : "rollback what? name tags (PATTERN...) or content (--digest D)");
	if (cli_opt_check_text("reason", o->reason, LIMIT_REASON, err) < 0)
		return -1;
	return tag_match_check(patterns, n, err);
}

static int run_rollback(const struct invocation *run, const struct rollback *o, char **patterns,
			size_t n, struct err *err)
{
	cleanup_by(change_release) struct change c = CHANGE_INIT;
	cleanup_by(tag_match_release) struct tag_match p = TAG_MATCH_INIT;

	if (check(o, patterns, n, err) < 0 ||
	    change_begin(&c, run, RETAG_BY_ROLLBACK, o->reason, err) < 0)
		return -1;
	if (!o->digest)
		tag_match_patterns(&p, &c.mirror.index, patterns, n);
	else if (tag_match_digest(&p, &c.mirror.index, o->digest, err) < 0)
		return -1;
	c.failed = p.missed > 0;
	for (size_t i = 0; i < p.n; i++)
		roll_back(&c, o, p.v[i]);
	return change_finish(&c, run, err);
}

int verb_rollback(struct invocation *run, int argc, char **argv, struct err *err)
{
	struct rollback o = { .digest = NULL };
	const struct cli_opt options[] = {
		{ .name = "digest",
		  .value = "D",
		  .to = &o.digest,
		  .help = "every tag that means this digest now, instead of PATTERNs" },
		{ .name = "to",
		  .value = "STAMP",
		  .to = &o.to,
		  .help = "the snapshot to go back to: what follows the tag in its name, such as "
			  "20261113 or 20261113-2" },
		{ .name = "freeze",
		  .flag = &o.freeze,
		  .help = "hold the tags against everything, until released" },
		{ .name = "reason",
		  .value = "TEXT",
		  .to = &o.reason,
		  .help = "why; kept with the hold and in the journal" },
		VERB_JSON(run),
		VERB_MIRROR(run),
		VERB_WAIT(run),
		CLI_OPT_END,
	};
	const struct cli_program program = {
		.name = "mirror-publish rollback",
		.synopsis = "PATTERN... | --digest D [--to STAMP] [--freeze] [--reason TEXT]",
		.summary = "Move tags back to a snapshot, for everybody.",
		.text = "Without --to, a tag goes to its newest snapshot that is older than what it "
			"means now, differs from it and was not made by a rollback. What it meant is "
			"kept under a snapshot name of today and marked bad, so that nobody is offered "
			"it.\n\nThe tag is held from then on: mirror-sync moves it again as soon as "
			"upstream offers anything but the bad digest; with --freeze, only once "
			"\"mirror-publish release\" was called.",
		.after =
			"Exit status: 0 done, 1 wrong use, 2 some tags could not be rolled back, 16 the "
			"mirror could not be used.\n\nExamples:\n"
			"  mirror-publish rollback alpine:3.19 --reason 'breaks our builds'\n"
			"  mirror-publish rollback 'quay.io/prometheus/*' --to 20261113",
		.options = options,
	};
	char **patterns;
	size_t n;
	int r = verb_parse(&program, argc, argv, &patterns, &n, err);

	return r == CLI_OPT_GO ? run_rollback(run, &o, patterns, n, err) : r < 0 ? -1 : EXIT_DONE;
}
