#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/cli/message.h"
#include "oci/store/generation.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "publish/change.h"
#include "publish/format.h"
#include "publish/generation_find.h"
#include "publish/snapshots.h"
#include "publish/tag_match.h"
#include "publish/verb.h"

struct undo {
	const char *to, *reason;
};

/* Blocks what the tag was moved from, and what was blocked on it back then. */
static void hold(struct change *c, struct entry *e, const struct entry *old,
		 const struct digest *was)
{
	struct digest blocked[HOLD_DIGESTS];
	size_t n = hold_digests(old, blocked);

	while (n-- > 0)
		hold_set(e, HOLD_BLOCKED, &blocked[n], NULL, NULL, c->move.when);
	hold_set(e, HOLD_BLOCKED, was, c->reason, c->who, c->move.when);
}

/* Whoever undoes a rollback gets back what it called bad, and is told. */
static void warn_of_bad(const struct index *x, const struct entry *e)
{
	cleanup_free struct entry **v = NULL;
	size_t n = snapshots_of(x, e->ref, &v);

	for (size_t i = 0; i < n; i++) {
		const char *bad = entry_annotation(v[i], ANNOTATION_BAD);

		if (!bad || !digest_eq(&v[i]->digest, &e->digest))
			continue;
		message_warn(
			"%s: what it means again is marked bad: %s (release takes the mark away)",
			e->ref, bad);
		return;
	}
}

static void move_back(struct change *c, struct entry *e, const struct entry *old,
		      const char *whence)
{
	struct digest was = e->digest;
	struct err err;
	struct change_item *item = change_move(c, e, old, &err);

	if (!item) {
		change_fail(c, e->ref, &err);
		return;
	}
	item->to = xstrdup(whence);
	item->said = xstrdup(hold_mode_of(e) == HOLD_FROZEN ? "still frozen" : "held");
	hold(c, e, old, &was);
	warn_of_bad(&c->mirror.index, e);
}

static void bring_back(struct change *c, const struct entry *old, const char *whence)
{
	struct err err;
	struct change_item *item = change_restore(c, old, &err);

	if (!item) {
		change_fail(c, old->ref, &err);
		return;
	}
	item->to = xstrdup(whence);
	item->said = xstrdup("published again");
}

/* Snapshots are neither moved nor brought back: they keep what was, and retention has taken them. */
static void undo_all(struct change *c, const struct found_generation *past)
{
	cleanup_free char *whence = xasprintf("generation %ld", past->number);

	for (size_t i = 0; i < past->index.n; i++) {
		const struct entry *old = past->index.v[i];
		struct entry *e = index_find(&c->mirror.index, old->ref);

		if (entry_annotation(old, ANNOTATION_SNAPSHOT_OF))
			continue;
		if (!e)
			bring_back(c, old, whence);
		else if (tag_match_is_tag(e) && !digest_eq(&e->digest, &old->digest))
			move_back(c, e, old, whence);
	}
}

/* Reads the generation to go back to. 1 when there is none that anybody could mean, which is said. */
static int find_past(struct found_generation *past, const struct change *c, const struct undo *o,
		     struct err *err)
{
	const struct layout *l = &c->mirror.layout;
	const struct index *now = &c->mirror.index;

	if (o->to)
		return generation_find_named(past, l, generation_number(now), o->to, err);
	if (generation_find_before_sync(past, l, now, err) == 0)
		return 0;
	if (err->kind != ERR_NOTFOUND)
		return -1;
	message_err(err);
	return 1;
}

static int run_undo(const struct invocation *run, const struct undo *o, struct err *err)
{
	cleanup_by(change_release) struct change c = CHANGE_INIT;
	cleanup_by(found_generation_release) struct found_generation past = FOUND_GENERATION_INIT;
	int r;

	if (cli_opt_check_text("reason", o->reason, LIMIT_REASON, err) < 0 ||
	    change_begin(&c, run, RETAG_BY_UNDO, o->reason, err) < 0)
		return -1;
	r = find_past(&past, &c, o, err);
	if (r != 0)
		return r < 0 ? -1 : EXIT_PART;
	undo_all(&c, &past);
	return change_finish(&c, run, err);
}

int verb_undo(struct invocation *run, int argc, char **argv, struct err *err)
{
	struct undo o = { .to = NULL };
	const struct cli_opt options[] = {
		{ .name = "to",
		  .value = "GENERATION|LABEL",
		  .to = &o.to,
		  .help = "the generation to go back to; default: the one before the last sync" },
		{ .name = "reason",
		  .value = "TEXT",
		  .to = &o.reason,
		  .help = "why; kept with the holds and in the journal" },
		VERB_JSON(run),
		VERB_MIRROR(run),
		VERB_WAIT(run),
		CLI_OPT_END,
	};
	const struct cli_program program = {
		.name = "mirror-publish undo",
		.synopsis = "[--to GENERATION|LABEL] [--reason TEXT]",
		.summary = "Put every tag back to where it was in an earlier generation.",
		.text = "This publishes a new generation; nothing is lost by it. Snapshots and tags added "
			"since then stay, tags removed since then come back, what a tag is moved from "
			"is kept under a snapshot name of today, and the tag is held until upstream "
			"offers something else.",
		.after =
			"Exit status: 0 done (also when there was nothing to move), 1 wrong use, 2 some "
			"tags could not be put back, 16 the mirror could not be used.\n\nExamples:\n"
			"  mirror-publish undo --reason 'sprint 47 broke the nightly build'\n"
			"  mirror-publish undo --to sprint-46",
		.options = options,
	};
	char **words;
	size_t n;
	int r = verb_parse(&program, argc, argv, &words, &n, err);

	if (r != CLI_OPT_GO)
		return r < 0 ? -1 : EXIT_DONE;
	if (n)
		return err_set(
			err, ERR_USAGE, 0,
			"undo takes no PATTERN (\"%s\"): it is about all tags; rollback is about "
			"some",
			words[0]);
	return run_undo(run, &o, err);
}
