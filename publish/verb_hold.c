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

struct hold {
	const char *reason;
};

/* What one of the two verbs does to a tag. */
typedef void hold_act(struct change *c, struct entry *e);

static void hold_tag(struct change *c, struct entry *e)
{
	char reason[LIMIT_REASON + 1], who[160], since[40];

	hold_describe(e, reason, sizeof(reason), who, sizeof(who), since, sizeof(since));
	if (hold_mode_of(e) == HOLD_FROZEN) {
		change_skip(c, e, "is frozen already");
		return;
	}
	/* without a reason of its own the hold keeps that of the rollback before it */
	hold_set(e, HOLD_FROZEN, NULL, c->reason ? c->reason : reason, c->who, c->retag.when);
	change_journal(c, e->ref, e->digest.str, e->digest.str, "hold", c->reason);
	change_skip(c, e, "frozen");
}

/* A blocked digest may come again, and the content of the tag now was chosen: both are not bad any
 * longer. */
static void clear_bad(struct change *c, const struct entry *e)
{
	struct digest fine[HOLD_DIGESTS + 1];
	cleanup_free struct entry **v = NULL;
	size_t nfine = hold_digests(e, fine);
	size_t n = snapshots_of(&c->mirror.index, e->ref, &v);

	fine[nfine++] = e->digest;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < nfine; j++)
			if (digest_eq(&v[i]->digest, &fine[j]))
				entry_set_annotation(v[i], ANNOTATION_BAD, NULL);
}

static void release_tag(struct change *c, struct entry *e)
{
	if (hold_mode_of(e) == HOLD_NONE) {
		change_skip(c, e, "is not held");
		return;
	}
	clear_bad(c, e);
	hold_release(e);
	change_journal(c, e->ref, e->digest.str, e->digest.str, "release", c->reason);
	change_skip(c, e, "released");
}

static int change_tags(const struct invocation *inv, const char *verb, hold_act *act,
		       const char *reason, char **patterns, size_t n, struct err *err)
{
	cleanup_by(change_release) struct change c = CHANGE_INIT;
	cleanup_by(tag_match_release) struct tag_match tags = TAG_MATCH_INIT;

	if (!n)
		return err_set(err, ERR_USAGE, 0, "%s takes tags (PATTERN...)", verb);
	if (cli_opt_check_text("reason", reason, LIMIT_REASON, err) < 0 ||
	    tag_match_check(patterns, n, err) < 0 || change_begin(&c, inv, verb, reason, err) < 0)
		return -1;
	tag_match_patterns(&tags, &c.mirror.index, patterns, n);
	c.failed = tags.missed > 0;
	for (size_t i = 0; i < tags.n; i++)
		act(&c, tags.v[i]);
	return change_finish(&c, inv, err);
}

static void hold_options(void *options, struct cli_table *table)
{
	struct hold *o = options;
	const struct cli_opt rows[] = {
		{ .name = "reason",
		  .value = "TEXT",
		  .to = &o->reason,
		  .help = "why; kept with the hold and in the journal" },
	};

	CLI_TABLE_ADD(table, rows);
}

static int hold_run(const struct invocation *inv, const void *options, char **patterns, size_t n,
		    struct err *err)
{
	const struct hold *o = options;

	return change_tags(inv, "hold", hold_tag, o->reason, patterns, n, err);
}

static int release_run(const struct invocation *inv, const void *options, char **patterns, size_t n,
		       struct err *err)
{
	(void)options;
	return change_tags(inv, "release", release_tag, NULL, patterns, n, err);
}

const struct verb verb_hold = {
	.name = "hold",
	.words = "PATTERN...",
	.summary = "freeze tags until they are released",
	.text = "mirror-sync does not move a frozen tag, whatever upstream offers.",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish hold 'redis:7*' --reason 'until the release'", NULL },
			{ NULL, NULL },
		},
	.statuses =
		(const struct exit_status_row[]){
			{ EXIT_OK, NULL, "done (also when the tags were frozen already)" },
			{ EXIT_PART, NULL, "a PATTERN matched no tag" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON | VERB_WAIT,
	.options_size = sizeof(struct hold),
	.options = hold_options,
	.run = hold_run,
};

const struct verb verb_release = {
	.name = "release",
	.words = "PATTERN...",
	.summary = "let tags move again",
	.text = "The next mirror-sync moves a released tag to what upstream has. The digests that "
		"were blocked, and the content of the tag now, are no longer marked bad.",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish release 'redis:7*'", NULL },
			{ NULL, NULL },
		},
	.statuses =
		(const struct exit_status_row[]){
			{ EXIT_OK, NULL, "done (also when nothing was held)" },
			{ EXIT_PART, NULL, "a PATTERN matched no tag" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON | VERB_WAIT,
	.run = release_run,
};
