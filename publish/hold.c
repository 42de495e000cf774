#include <string.h>

#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/own.h"
#include "oci/store/index.h"
#include "publish/change.h"
#include "publish/pick.h"
#include "publish/target.h"
#include "publish/verb.h"
#include "publish/words.h"

/* What one of the two verbs does to a tag. */
typedef void hold_act(struct change *c, struct entry *e);

static void hold(struct change *c, struct entry *e)
{
	char reason[LIMIT_REASON + 1], who[160], since[40];

	move_hold_words(e, reason, sizeof(reason), who, sizeof(who), since, sizeof(since));
	if (move_hold_mode(e) == HOLD_FROZEN) {
		change_say(c, e, "is frozen already");
		return;
	}
	/* freezing what a rollback blocked does not make its reason untrue */
	move_hold(e, HOLD_FROZEN, NULL, c->reason ? c->reason : reason, c->who, c->move.when);
	change_note(c, e->ref, e->digest.str, e->digest.str, "hold", c->reason);
	change_say(c, e, "frozen");
}

/* What was blocked may come again, and what the tag means was put back knowingly: neither is bad any longer. */
static void clear_bad(struct change *c, const struct entry *e)
{
	struct digest fine[HOLD_DIGESTS + 1];
	own_free struct entry **v = NULL;
	size_t nfine = move_hold_digests(e, fine);
	size_t n = target_snapshots(&c->mirror.index, e->ref, &v);

	fine[nfine++] = e->digest;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < nfine; j++)
			if (digest_eq(&v[i]->digest, &fine[j]))
				entry_set_note(v[i], NOTE_BAD, NULL);
}

static void release(struct change *c, struct entry *e)
{
	if (move_hold_mode(e) == HOLD_NONE) {
		change_say(c, e, "is not held");
		return;
	}
	clear_bad(c, e);
	move_release(e);
	change_note(c, e->ref, e->digest.str, e->digest.str, "release", c->reason);
	change_say(c, e, "released");
}

static int run_on(const struct run *run, const char *verb, hold_act *act, const char *reason,
		  char **patterns, size_t n, struct err *err)
{
	own_by(change_release) struct change c = CHANGE_INIT;
	own_by(pick_release) struct pick p = PICK_INIT;

	if (!n)
		return err_set(err, ERR_USAGE, 0, "%s what? name tags (PATTERN...)", verb);
	if (opt_check_text("reason", reason, LIMIT_REASON, err) < 0 ||
	    pick_check(patterns, n, err) < 0 || change_begin(&c, run, verb, reason, err) < 0)
		return -1;
	pick_patterns(&p, &c.mirror.index, patterns, n);
	c.failed = p.missed > 0;
	for (size_t i = 0; i < p.n; i++)
		act(&c, p.v[i]);
	return change_finish(&c, run, err);
}

int hold_verb(struct run *run, int argc, char **argv, struct err *err)
{
	const char *reason = NULL;
	const struct opt options[] = {
		{ .name = "reason",
		  .value = "TEXT",
		  .to = &reason,
		  .help = "why; kept with the hold and in the journal" },
		VERB_JSON(run),
		VERB_MIRROR(run),
		VERB_WAIT(run),
		OPT_END,
	};
	const struct opt_program program = {
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

	if (r != OPT_GO)
		return r < 0 ? -1 : EXIT_DONE;
	return run_on(run, "hold", hold, reason, patterns, n, err);
}

int release_verb(struct run *run, int argc, char **argv, struct err *err)
{
	const struct opt options[] = {
		VERB_JSON(run),
		VERB_MIRROR(run),
		VERB_WAIT(run),
		OPT_END,
	};
	const struct opt_program program = {
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

	if (r != OPT_GO)
		return r < 0 ? -1 : EXIT_DONE;
	return run_on(run, "release", release, NULL, patterns, n, err);
}
