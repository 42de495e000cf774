#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/base/strvec.h"
#include "oci/cli/message.h"
#include "oci/image/ref.h"
#include "oci/store/generation.h"
#include "oci/store/hold.h"
#include "oci/store/journal.h"
#include "publish/index_diff.h"
#include "publish/mirror.h"
#include "publish/verb.h"

#define WHY     "restored"
#define PRIVATE ANNOTATION_PRIVATE

struct restored {
	const char *reason;
};

/* The lines that tell the journal what the references mean from now on. */
struct restoration {
	const struct invocation *inv;
	const char *reason;
	struct mirror mirror;
	struct index newest; /* the newest generation that is kept, or empty */
	long last;           /* the largest number given so far */
	struct journal_line *lines;
	size_t nlines, cap;
	size_t changes;      /* entries that differ from the newest generation */
	struct strvec texts; /* of lines */
};

static void restoration_release(struct restoration *r)
{
	mirror_release(&r->mirror);
	index_release(&r->newest);
	free(r->lines);
	strvec_release(&r->texts);
}

static struct journal_line *add_journal_line(struct restoration *r, const char *ref)
{
	r->lines = xgrow(r->lines, r->nlines, &r->cap, sizeof(*r->lines));
	r->lines[r->nlines] = (struct journal_line){
		.ref = ref, .why = WHY, .detail = r->reason, .who = r->inv->who
	};
	return &r->lines[r->nlines++];
}

static void add_difference(const char *ref, const struct entry *old, const struct entry *now,
			   void *arg)
{
	struct restoration *r = arg;
	struct journal_line *line;

	r->changes++;
	if (old && now && digest_eq(&old->digest, &now->digest))
		return;
	line = add_journal_line(r, ref);
	line->old_digest = old ? old->digest.str : NULL;
	line->new_digest = now ? now->digest.str : NULL;
}

/* Reads what lies there, and the newest generation, which the journal has told about so far. */
static int read_both(struct restoration *r, struct err *err)
{
	const struct layout *l = &r->mirror.layout;
	long *numbers = NULL;
	struct err ignored;
	size_t n = 0;
	int result;

	if (mirror_open_restored(&r->mirror, r->inv->mirror, &r->last, err) < 0)
		return -1;
	result = generation_list(l, r->last, &numbers, &n, err);
	while (result == 0 && n-- > 0 &&
	       generation_read_kept(l, numbers[n], &r->newest, &ignored) < 0)
		;
	free(numbers);
	return result;
}

/* The length of "host/path" in a reference. */
static size_t repository_length(const char *ref)
{
	const char *tag = ref_tag_of(ref);
	size_t n = strcspn(ref, "@");

	return tag && !ref[n] ? (size_t)(tag - ref) - 1 : n;
}

/* What the newest generation says of the entry's repository; NULL: nothing. */
static const char *private_now(const struct index *newest, const char *ref)
{
	size_t n = repository_length(ref);
	cleanup_free char *repository = xstrndup(ref, n);

	for (size_t i = index_seek(newest, repository); i < newest->n; i++) {
		const char *other = newest->v[i]->ref;

		if (strncmp(other, repository, n) != 0)
			break;
		if (strchr(":@", other[n]) && entry_annotation(newest->v[i], PRIVATE))
			return entry_annotation(newest->v[i], PRIVATE);
	}
	return NULL;
}

/* A tag that the newest generation has frozen stays so: it is named, and gets a journal line. */
static void carry_freeze(struct restoration *r, const struct entry *was)
{
	cleanup_by(hold_release_words) struct hold_words words = { .reason = NULL };
	struct entry *e = index_find(&r->mirror.index, was->ref);
	const char *held = entry_annotation(was, ANNOTATION_HELD);
	struct journal_line *line;

	if (!e || !hold_is_frozen(was) || str_same(entry_annotation(e, ANNOTATION_HELD), held))
		return;
	entry_set_annotation(e, ANNOTATION_HELD, held);
	hold_read_words(was, &words);
	line = add_journal_line(r, e->ref);
	line->why = "hold";
	line->old_digest = line->new_digest = e->digest.str;
	line->detail = words.reason[0] ? strvec_addf(&r->texts, "%s", words.reason) : NULL;
	message_line("%s: stays frozen, as in generation %ld%s%s%s", e->ref,
		     generation_number(&r->newest), words.reason[0] ? " (" : "", words.reason,
		     words.reason[0] ? ")" : "");
}

/* What is bad, banned, private or frozen is never taken from an older generation: the newest one
 * that is kept says it. */
static void carry_over(struct restoration *r)
{
	static const char *const marks[] = { ANNOTATION_BAD, ANNOTATION_BANNED };
	struct index *x = &r->mirror.index;
	const struct index *newest = &r->newest;

	if (generation_number(newest) <= generation_number(x))
		return;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		index_set_annotation(x, marks[i], index_annotation(newest, marks[i]));
	for (size_t i = 0; i < newest->n; i++)
		carry_freeze(r, newest->v[i]);
	for (size_t i = 0; i < x->n; i++) {
		const char *group = private_now(newest, x->v[i]->ref);

		if (group)
			entry_set_annotation(x->v[i], PRIVATE, group);
	}
}

/* Whether there is nothing to accept: index.json is what a writer goes on from anyway. */
static bool is_accepted(const struct restoration *r)
{
	struct index x = INDEX_INIT;
	struct err ignored;
	bool accepted = generation_load(&r->mirror.layout, &x, &ignored) == 0;

	index_release(&x);
	return accepted;
}

static void print_result(const struct restoration *r, long number, bool published)
{
	if (r->inv->json)
		printf("{\"generation\":%ld,\"published\":%s,\"changes\":%zu}\n", number,
		       published ? "true" : "false", published ? r->changes : 0);
	else if (published)
		message_line("generation %ld is published: what was put back, with %zu references "
			     "changed against the newest generation kept",
			     number, r->changes);
	else
		message_line("nothing to change: generation %ld stays, nothing was put back",
			     number);
}

static int publish_restored(struct restoration *r, struct err *err)
{
	struct err no_table = ERR_INIT;
	const struct publication what = {
		.made_by = WHY,
		.who = r->inv->who,
		.lines = r->lines,
		.nlines = r->nlines,
		.no_table = &no_table,
	};
	long number = generation_publish_restored(&r->mirror.layout, &r->mirror.index, &what, err);

	if (number < 0)
		return err_wrap(err, "nothing was changed");
	if (no_table.kind != ERR_NONE)
		message_warn("generation %ld has no table for mirror-serve, whose start and reload "
			     "take longer without: %s",
			     number, no_table.msg);
	mirror_unlock(&r->mirror);
	print_result(r, number, true);
	return EXIT_OK;
}

static int restored_run(const struct invocation *inv, const void *options, char **words, size_t n,
			struct err *err)
{
	const struct restored *o = options;
	cleanup_by(restoration_release) struct restoration r = { .inv = inv,
								 .reason = o->reason,
								 .mirror = MIRROR_INIT,
								 .newest = INDEX_INIT,
								 .texts = STRVEC_INIT };
	int current;

	if (n)
		return err_set(err, ERR_USAGE, 0,
			       "restored takes no words (\"%s\"): it accepts index.json as it lies "
			       "there",
			       words[0]);
	if (cli_opt_check_text("reason", o->reason, LIMIT_REASON, err) < 0 ||
	    read_both(&r, err) < 0)
		return -1;
	carry_over(&r);
	index_diff(&r.newest, &r.mirror.index, add_difference, &r);
	add_journal_line(&r, NULL);
	current = mirror_relock(&r.mirror, inv->who, inv->wait, err);
	if (current < 1)
		return current < 0 ? -1 : VERB_AGAIN;
	if (!is_accepted(&r))
		return publish_restored(&r, err);
	print_result(&r, generation_number(&r.mirror.index), false);
	return EXIT_OK;
}

static void restored_options(void *options, struct cli_table *table)
{
	struct restored *o = options;
	const struct cli_opt rows[] = {
		{ .name = "reason",
		  .value = "TEXT",
		  .to = &o->reason,
		  .help = "why; kept in the journal" },
	};

	CLI_TABLE_ADD(table, rows);
}

const struct verb verb_restored = {
	.name = "restored",
	.words = "",
	.summary = "accept an index.json that was put back",
	.text = "An older index.json (of a backup, or a copy of an earlier generation) stops every "
		"writer, because it is not the newest generation. This verb publishes what lies "
		"there as a new generation, with a number above every one found. Nothing is "
		"removed: later generations and the journal stay, and the journal records what "
		"the references mean from now on. What the newest generation has as bad, banned, "
		"private or frozen stays so.",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish restored --reason 'disk lost, backup of Monday'", NULL },
			{ NULL, NULL },
		},
	.statuses =
		(const struct exit_status_row[]){
			{ EXIT_OK, NULL, "done (also when nothing was put back)" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON | VERB_WAIT,
	.options_size = sizeof(struct restored),
	.options = restored_options,
	.run = restored_run,
};
