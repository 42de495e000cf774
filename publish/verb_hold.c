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

/* What one of the two verbs does to a tag. */
typedef void hold_act(struct change *c, struct entry *e);

static void hold(struct change *c, struct entry *e)
{
	char reason[LIMIT_REASON + 1], who[160], since[40];

	hold_describe(e, reason, sizeof(reason), who, sizeof(who), since, sizeof(since));
	if (hold_mode_of(e) == HOLD_FROZEN) {
		change_say(c, e, "is frozen already");
		return;
	}
	/* freezing what a rollback blocked does not make its reason untrue */
	hold_set(e, HOLD_FROZEN, NULL, c->reason ? c->reason : reason, c->who, c->move.when);
	change_journal(c, e->ref, e->digest.str, e->digest.str, "hold", c->reason);
	change_say(c, e, "frozen");
}

/* What was blocked may come again, and what the tag means was put back knowingly: neither is bad any longer. */
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

static void release(struct change *c, struct entry *e)
{
	if (hold_mode_of(e) == HOLD_NONE) {
		change_say(c, e, "is not held");
		return;
	}
	clear_bad(c, e);
	hold_release(e);
	change_journal(c, e->ref, e->digest.str, e->digest.str, "release", c->reason);
	change_say(c, e, "released");
}

static int run_on(const struct invocation *run, const char *verb, hold_act *act, const char *reason,
		  char **patterns, size_t n, struct err *err)
{
	cleanup_by(change_release) struct change c = CHANGE_INIT;
	cleanup_by(tag_match_release) struct tag_match p = TAG_MATCH_INIT;

	if (!n)
		return err_set(err, ERR_USAGE, 0, "%s what? name tags (PATTERN...)", verb);
	if (cli_opt_check_text("reason", reason, LIMIT_REASON, err) < 0 ||
	    tag_match_check(patterns, n, err) < 0 || change_begin(&c, run, verb, reason, err) < 0)
		return -1;
	tag_match_patterns(&p, &c.mirror.index, patterns, n);
	c.failed = p.missed > 0;
	for (size_t i = 0; i < p.n; i++)
		act(&c, p.v[i]);
	return change_finish(&c, run, err);
}

int verb_hold(struct invocation *run, int argc, char **argv, struct err *err)
{
	const char *reason = NULL;
	const struct cli_opt options[] = {
		{ .name = "reason",
		  .value = "TEXT",
		  .to = &reason,
		  .help = "why; kept with the hold and in the journal" },
		VERB_JSON(run),
		VERB_MIRROR(run),
		VERB_WAIT(run),
		CLI_OPT_END,
	};
	const struct cli_program program = {
		.name = "mirror-publish hold",
		.synopsis = "PATTERN... [--reason TEXT]",
		.summary = "Freeze tags: mirror-sync leaves them alone until they are released.",
		.after =
			"Exit status: 0 done (also when they were frozen already), 1 wrong use, 2 a "
			"PATTERN matched no tag, 16 the mirror could not be used.",
		.options = options,
	};
	char **patterns;
	size_t n;
	int r = verb_parse(&program, argc, argv, &patterns, &n, err);

	if (r != CLI_OPT_GO)
		return r < 0 ? -1 : EXIT_DONE;
	return run_on(run, "hold", hold, reason, patterns, n, err);
}

int verb_release(struct invocation *run, int argc, char **argv, struct err *err)
{
	const struct cli_opt options[] = {
		VERB_JSON(run),
		VERB_MIRROR(run),
		VERB_WAIT(run),
		CLI_OPT_END,
	};
	const struct cli_program program = {
		.name = "mirror-publish release",
		.synopsis = "PATTERN...",
		.summary = "Let tags move again: mirror-sync brings what upstream has.",
		.text = "What was blocked, and what the tag means now, is no longer marked bad, either.",
		.after =
			"Exit status: 0 done (also when nothing was held), 1 wrong use, 2 a PATTERN "
			"matched no tag, 16 the mirror could not be used.",
		.options = options,
	};
	char **patterns;
	size_t n;
	int r = verb_parse(&program, argc, argv, &patterns, &n, err);

	if (r != CLI_OPT_GO)
		return r < 0 ? -1 : EXIT_DONE;
	return run_on(run, "release", release, NULL, patterns, n, err);
}
