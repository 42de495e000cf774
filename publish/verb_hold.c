#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/base/strvec.h"
#include "oci/cli/format.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "oci/store/marks.h"
#include "publish/change.h"
#include "publish/tag_match.h"
#include "publish/verb.h"

struct hold {
	const char *reason;
};

/* What one of the two verbs does to a tag. */
typedef void hold_act(struct change *c, struct entry *e);

static void hold_tag(struct change *c, struct entry *e)
{
	const struct mark *kept = marks_kept_back(&c->marks, &c->mirror.index, e);
	const char *reason = c->reason;

	if (hold_is_frozen(e)) {
		change_skip(c, e, "is frozen already");
		return;
	}
	/* without a reason of its own the hold has that of the rollback before it */
	if (!reason && kept)
		reason = kept->reason;
	hold_freeze(e, reason, c->who, c->retag.when);
	change_journal(c, e->ref, e->digest.str, e->digest.str, "hold", c->reason);
	change_note(c, e, "frozen");
}

static char *released_text(size_t marks)
{
	return marks ? xasprintf("released; %zu digest%s no longer bad", marks,
				 marks == 1 ? " is" : "s are")
		     : xstrdup("released");
}

static void release_tag(struct change *c, struct entry *e)
{
	size_t marks = marks_clear_bad(&c->marks, e->ref, NULL);
	cleanup_free char *text = released_text(marks);

	if (!marks && !hold_is_frozen(e)) {
		change_skip(c, e, "is not held");
		return;
	}
	hold_release(e);
	change_journal(c, e->ref, e->digest.str, e->digest.str, "release", c->reason);
	change_note(c, e, text);
}

/* Marks outlive references: collects those whose reference is not published, each once. */
static void collect_absent(const struct change *c, struct strvec *absent)
{
	const struct mark_list *bad = &c->marks.bad;

	for (size_t i = 0; i < bad->n; i++)
		if ((!i || !str_eq(bad->v[i].ref, bad->v[i - 1].ref)) &&
		    !index_find(&c->mirror.index, bad->v[i].ref))
			strvec_add(absent, bad->v[i].ref);
}

static void release_absent(struct change *c, const struct strvec *absent, char **patterns, size_t n)
{
	for (size_t i = 0; i < absent->n; i++) {
		cleanup_free char *text = NULL;

		if (!tag_match_matches_ref(absent->v[i], patterns, n))
			continue;
		text = released_text(marks_clear_bad(&c->marks, absent->v[i], NULL));
		change_journal(c, absent->v[i], NULL, NULL, "release", c->reason);
		change_note_ref(c, absent->v[i], text);
	}
}

static int change_tags(const struct invocation *inv, const char *verb, hold_act *act,
		       const char *reason, char **patterns, size_t n, struct err *err)
{
	cleanup_by(change_release) struct change c = CHANGE_INIT;
	cleanup_by(tag_match_release) struct tag_match tags = TAG_MATCH_INIT;
	cleanup_by(strvec_release) struct strvec absent = STRVEC_INIT;

	if (!n)
		return err_set(err, ERR_USAGE, 0, "%s takes tags (PATTERN...)", verb);
	if (cli_opt_check_text("reason", reason, LIMIT_REASON, err) < 0 ||
	    tag_match_check(patterns, n, err) < 0 || change_begin(&c, inv, verb, reason, err) < 0)
		return -1;
	if (act == release_tag)
		collect_absent(&c, &absent);
	tag_match_patterns(&tags, &c.mirror.index, patterns, n, &absent);
	c.failed = tags.missed > 0;
	for (size_t i = 0; i < tags.n; i++) {
		c.pattern = tags.which[i];
		act(&c, tags.v[i]);
	}
	c.pattern = NULL;
	release_absent(&c, &absent, patterns, n);
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
	.text = "A released tag is not frozen, and no digest is bad for it any more: the next "
		"mirror-sync moves it to what upstream has.",
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
