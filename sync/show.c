#include "sync/show.h"

#include <stdio.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "oci/cli/columns.h"
#include "oci/cli/message.h"
#include "oci/cli/format.h"
#include "oci/cli/progress.h"
#include "oci/lists/lists.h"
#include "oci/registry/registry.h"
#include "sync/describe.h"
#include "sync/failure_groups.h"
#include "sync/outcome.h"
#include "sync/run_options.h"

/* Seconds: a hold that is as old is told in each summary. */
#define HOLD_OLD (30 * 24 * 3600)

/* ", 12.3 MB to fetch", with --sizes. */
static void show_size(const struct outcome *o, const struct target *t)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);

	describe_size(&words, o, t);
	if (words.n)
		printf(", %s", words.p);
}

/* ", with 3 signatures", when some came. */
static void show_referrers(const size_t came[static REFERRER_KINDS])
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);

	describe_referrers(&words, came);
	if (words.n)
		printf(", with %s", words.p);
}

static bool has_new_referrers(const struct target *t)
{
	size_t n = 0;

	for (size_t i = 0; i < REFERRER_KINDS; i++)
		n += t->referrers.came[i];
	return n > 0;
}

static void show_moved(const struct outcome *o, const struct target *t)
{
	char from[DESCRIBE_DIGEST], to[DESCRIBE_DIGEST];

	describe_digest(&t->base, from);
	describe_digest(&t->found, to);
	printf("%s: %s %s -> %s%s%s", t->name,
	       o->options->dry_run ? "would be updated," : "updated", from, to,
	       t->snapshot ? ", kept as " : "", t->snapshot ? t->snapshot : "");
	show_size(o, t);
	show_referrers(t->referrers.came);
	putchar('\n');
}

static void show_waiting(const struct outcome *o, const struct target *t)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);

	min_age_describe_wait(&words, t, o->started);
	printf("%s: waiting: %s\n", t->name, words.p);
}

/* The tag stays, and more of its content was fetched, or would be. */
static void show_completed(const struct outcome *o, const struct target *t)
{
	char amount[32];

	format_bytes((uint64_t)t->completed, amount, sizeof(amount));
	if (o->options->dry_run && (t->completes || t->missing)) {
		printf("%s: would be completed", t->name);
		show_size(o, t);
		putchar('\n');
	} else if (t->completed) {
		printf("%s: completed, %s fetched\n", t->name, amount);
	}
}

static void show_target(const struct outcome *o, const struct target *t)
{
	char found[DESCRIBE_DIGEST];

	describe_digest(&t->found, found);
	switch (t->state) {
	case STATE_UPDATED: show_moved(o, t); break;
	case STATE_NEW:
		printf("%s: %s %s", t->name, o->options->dry_run ? "would be new," : "new", found);
		show_size(o, t);
		show_referrers(t->referrers.came);
		putchar('\n');
		break;
	case STATE_HELD:
		if (t->error)
			printf("%s: held: %s\n", t->name, t->error);
		else
			printf("%s: held; upstream has %s\n", t->name, found);
		break;
	case STATE_WAITING: show_waiting(o, t); break;
	case STATE_GONE:
		if (!t->incomplete) /* else it is told there */
			message_line("%s: gone: %s", t->name, t->error);
		break;
	case STATE_CURRENT:
		show_completed(o, t);
		if (has_new_referrers(t)) {
			printf("%s: current", t->name);
			show_referrers(t->referrers.came);
			putchar('\n');
		}
		break;
	case STATE_PENDING:
	case STATE_SKIPPED: break; /* the summary counts them */
	case STATE_LIMITED:
	case STATE_FAILED: break; /* show_failures() has them */
	}
}

/* In the order of the lists. */
static void show_failures(const struct outcome *o)
{
	cleanup_by(failure_groups_release) struct failure_groups reasons = FAILURE_GROUPS_INIT;

	failure_groups_collect(&reasons, o);
	for (size_t i = 0; i < o->targets.n; i++) {
		const struct target *t = o->targets.v[i];
		size_t more;

		if (!failure_groups_tell(&reasons, t, &more))
			continue;
		if (more)
			message_line("%s and %zu more: %s", t->name, more, t->error);
		else
			message_line("%s: %s", t->name, t->error);
	}
}

static void show_incomplete(const struct outcome *o)
{
	for (size_t i = 0; i < o->targets.n; i++) {
		const struct target *t = o->targets.v[i];

		if (t->incomplete)
			message_line("%s: %s", t->name, t->error);
	}
}

static void show_warnings(const struct outcome *o)
{
	for (size_t i = 0; i < o->targets.n; i++)
		if (o->targets.v[i]->warning)
			message_warn("%s: %s", o->targets.v[i]->name, o->targets.v[i]->warning);
}

static void show_stale(const struct outcome *o)
{
	for (size_t i = 0; i < o->targets.n; i++) {
		const struct target *t = o->targets.v[i];
		char when[CLOCK_RFC3339];

		if (!t->stale)
			continue;
		clock_rfc3339(t->checked, when);
		message_warn("%s: last checked with success %s, longer ago than its max-age",
			     t->name, when);
	}
}

static void show_referrer_warnings(const struct outcome *o)
{
	for (size_t i = 0; i < o->targets.n; i++) {
		const struct target *t = o->targets.v[i];

		for (size_t k = 0; k < t->referrers.warnings.n; k++)
			message_warn("%s: %s", t->name, t->referrers.warnings.v[k]);
	}
}

/* An offer that is gone before its time is worth a look: somebody may have repaired something. */
static void show_taken_back(const struct outcome *o)
{
	for (size_t i = 0; i < o->targets.n; i++) {
		cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);

		min_age_describe_taken(&words, &o->targets.v[i]->wait, o->started);
		if (words.n)
			message_line("%s: %s", o->targets.v[i]->name, words.p);
	}
}

/* What no failure of a target tells: snapshots, what is gone, what has left the lists. */
static void show_denied(const struct outcome *o)
{
	for (size_t i = 0; i < o->denied.n; i++) {
		const struct denied_entry *e = &o->denied.v[i];
		const struct target *t = targets_find(&o->targets, e->ref);
		cleanup_free char *words = denied_describe(o->source, e->what);

		if (!t || !t->is_denied)
			message_line("%s: it is published, and contains what is forbidden: %s",
				     e->ref, words);
	}
}

static void show_vanished(const struct outcome *o)
{
	for (size_t i = 0; i < o->taken_back.n; i++)
		message_line("%s", o->taken_back.v[i]);
}

static void show_left_out(const struct outcome *o)
{
	for (size_t i = 0; i < o->nlistings; i++) {
		cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);

		describe_listing(&words, &o->listings[i]);
		if (words.n)
			message_line("%s", words.p);
	}
}

static void show_unmatched_patterns(const struct outcome *o)
{
	for (size_t i = 0; i < o->options->npatterns; i++)
		if (!outcome_matches(o, o->options->patterns[i]))
			message_line("%s: nothing on the lists matches", o->options->patterns[i]);
}

/* The reader knows whether a line was removed on purpose or by mistake. */
static void show_unlisted(const struct outcome *o)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);

	describe_unlisted(&words, o);
	if (words.n)
		message_line("%s", words.p);
}

static void show_total(const struct outcome *o)
{
	uint64_t total = 0;
	char amount[32];

	for (size_t i = 0; i < o->targets.n; i++)
		if (!target_row(o->targets.v[i])->is_failed)
			total += (uint64_t)o->targets.v[i]->missing;
	format_bytes(total, amount, sizeof(amount));
	printf("%s to fetch; ", amount);
}

static const char *summary_word(size_t state)
{
	const struct state_row *row = &state_rows[state];

	return row->for_people ? row->for_people : row->name;
}

/* A hold of months may have been forgotten. */
static void show_hold_age(const struct outcome *o)
{
	char since[CLOCK_RFC3339], age[FORMAT_AGE];

	if (!o->hold || o->started - o->hold_since < HOLD_OLD)
		return;
	clock_rfc3339(o->hold_since, since);
	format_age(since, o->started, age);
	printf("; %s is held for %s", o->hold, age);
}

static void show_summary(const struct outcome *o)
{
	size_t count[STATES] = { 0 }, came[REFERRER_KINDS] = { 0 };
	char amount[32];
	bool first = true;

	for (size_t i = 0; i < o->targets.n; i++) {
		count[o->targets.v[i]->state]++;
		for (size_t k = 0; k < REFERRER_KINDS; k++)
			came[k] += o->targets.v[i]->referrers.came[k];
	}
	for (size_t s = 0; s < STATES; s++)
		if (count[s]) {
			printf("%s%zu %s", first ? "" : ", ", count[s], summary_word(s));
			first = false;
		}
	show_referrers(came);
	format_bytes(registry_bytes(o->registry), amount, sizeof(amount));
	printf("%s; %s in %.1f s; ", first ? "nothing to do" : "", amount,
	       (double)(clock_now() - o->started_mono) / CLOCK_SEC);
	if (o->options->sizes)
		show_total(o);
	if (o->options->dry_run)
		printf("nothing was changed (dry run)");
	else if (o->options->observe)
		printf("nothing was changed (observed)");
	else if (o->published)
		printf("published generation %ld", o->generation);
	else
		printf("generation %ld stands", o->generation);
	show_hold_age(o);
	putchar('\n');
}

static void show_lines(const struct outcome *o)
{
	for (size_t i = 0; i < o->targets.n; i++)
		show_target(o, o->targets.v[i]);
	show_failures(o);
	show_incomplete(o);
	show_warnings(o);
	show_stale(o);
	show_taken_back(o);
}

/* ---- on a terminal: a table ---- */

static enum ink ink_of(const struct target *t)
{
	return t->incomplete || t->stale || t->warning ? INK_WARN : target_row(t)->ink;
}

static void add_digests(struct buf *out, const struct target *t)
{
	char from[DESCRIBE_DIGEST], to[DESCRIBE_DIGEST];

	describe_digest(&t->base, from);
	describe_digest(&t->found, to);
	if (t->state == STATE_UPDATED)
		buf_addf(out, "%s -> %s", from, to);
	else if (t->state == STATE_NEW)
		buf_adds(out, to);
}

static void add_row(struct columns *table, const struct outcome *o, const struct target *t)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_INDEX_ENTRY);

	add_digests(&words, t);
	describe_size(&words, o, t);
	describe_details(&words, o, t);
	columns_add(table, ink_of(t), "%s", describe_state(t, o->options->dry_run));
	columns_add(table, INK_PLAIN, "%s", t->name);
	columns_add(table, INK_PLAIN, "%s", words.p);
	columns_end(table);
}

/* How many others failed for the same reason. */
static void add_more(struct columns *table, const struct target *t, size_t more)
{
	columns_add(table, ink_of(t), "%s", describe_state(t, false));
	columns_add(table, INK_PLAIN, "and %zu more", more);
	columns_add(table, INK_PLAIN, "for the same reason");
	columns_end(table);
}

static bool has_row(const struct target *t)
{
	return t->incomplete || t->stale || t->warning || has_new_referrers(t) || t->completed ||
	       t->missing || t->wait.taken_back || !target_row(t)->no_terminal_row;
}

static void add_target(struct columns *table, const struct outcome *o,
		       const struct failure_groups *reasons, const struct target *t)
{
	size_t more = 0;
	bool told = failure_groups_tell(reasons, t, &more);

	if (told || t->stale || t->warning || !more)
		add_row(table, o, t);
	if (told && more)
		add_more(table, t, more);
}

/* In the order of the states: failures come last, next to the prompt. */
static void show_table(const struct outcome *o, bool color)
{
	cleanup_by(columns_release) struct columns table = COLUMNS_INIT;
	cleanup_by(failure_groups_release) struct failure_groups reasons = FAILURE_GROUPS_INIT;

	failure_groups_collect(&reasons, o);
	for (size_t s = 0; s < STATES; s++)
		for (size_t i = 0; i < o->targets.n; i++) {
			const struct target *t = o->targets.v[i];

			if ((size_t)t->state == s && has_row(t))
				add_target(&table, o, &reasons, t);
		}
	columns_print(&table, stdout, color);
	fflush(stdout);
}

void show_results(const struct outcome *o, bool color)
{
	/* when one of the two is redirected, each gets the lines that belong to it */
	if (isatty(STDOUT_FILENO) && isatty(STDERR_FILENO))
		show_table(o, color);
	else
		show_lines(o);
	show_referrer_warnings(o);
	show_denied(o);
	show_vanished(o);
	if (o->options->dry_run)
		show_left_out(o);
	show_unmatched_patterns(o);
	show_unlisted(o);
	show_summary(o);
	fflush(stdout);
}

void show_progress(const struct outcome *o)
{
	uint64_t bytes = registry_bytes(o->registry);

	progress_show(&(struct progress){
		.bytes = bytes,
		.bytes_left = o->wanted > bytes ? o->wanted - bytes : 0,
		.done = o->decided,
		.all = o->targets.n,
		.started = o->started_mono,
	});
}

void show_progress_end(void)
{
	progress_end();
}
