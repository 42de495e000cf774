#include "sync/show.h"

#include <stdio.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "oci/cli/columns.h"
#include "oci/cli/message.h"
#include "oci/cli/progress.h"
#include "oci/lists/lists.h"
#include "oci/registry/registry.h"
#include "sync/describe.h"
#include "sync/failure_groups.h"
#include "sync/plan.h"
#include "sync/run.h"

/* ", 12.3 MB to fetch", with --sizes. */
static void show_size(const struct run *r, const struct target *t)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);

	describe_size(&words, r, t);
	if (words.n)
		printf(", %s", words.p);
}

static void show_moved(const struct run *r, const struct target *t)
{
	char from[DESCRIBE_DIGEST], to[DESCRIBE_DIGEST];

	describe_digest(&t->base, from);
	describe_digest(&t->found, to);
	printf("%s: %s %s -> %s%s%s", t->name, r->o->dry_run ? "would be updated," : "updated",
	       from, to, t->snapshot ? ", kept as " : "", t->snapshot ? t->snapshot : "");
	show_size(r, t);
	putchar('\n');
}

static void show_target(const struct run *r, const struct target *t)
{
	char found[DESCRIBE_DIGEST];

	describe_digest(&t->found, found);
	switch (t->state) {
	case STATE_UPDATED: show_moved(r, t); break;
	case STATE_NEW:
		printf("%s: %s %s", t->name, r->o->dry_run ? "would be new," : "new", found);
		show_size(r, t);
		putchar('\n');
		break;
	case STATE_HELD:
		if (t->error)
			printf("%s: held: %s\n", t->name, t->error);
		else
			printf("%s: held; upstream has %s\n", t->name, found);
		break;
	case STATE_GONE: message_line("%s: gone: %s", t->name, t->error); break;
	case STATE_PENDING:
	case STATE_CURRENT:
	case STATE_SKIPPED: break; /* the summary counts them */
	case STATE_LIMITED:
	case STATE_FAILED: break; /* show_failures() has them */
	}
}

/* In the order of the lists. */
static void show_failures(const struct run *r)
{
	cleanup_by(failure_groups_release) struct failure_groups reasons = FAILURE_GROUPS_INIT;

	failure_groups_collect(&reasons, r);
	for (size_t i = 0; i < r->targets.n; i++) {
		const struct target *t = r->targets.v[i];
		size_t more;

		if (!failure_groups_tell(&reasons, t, &more))
			continue;
		if (more)
			message_line("%s and %zu more: %s", t->name, more, t->error);
		else
			message_line("%s: %s", t->name, t->error);
	}
}

static void show_incomplete(const struct run *r)
{
	for (size_t i = 0; i < r->targets.n; i++) {
		const struct target *t = r->targets.v[i];

		if (t->incomplete)
			message_line("%s: %s", t->name, t->error);
	}
}

static void show_stale(const struct run *r)
{
	for (size_t i = 0; i < r->targets.n; i++) {
		const struct target *t = r->targets.v[i];
		char when[CLOCK_RFC3339];

		if (!t->stale)
			continue;
		clock_rfc3339(t->checked, when);
		message_warn("%s: last checked with success %s, longer ago than its max-age",
			     t->name, when);
	}
}

static void show_listings(const struct run *r)
{
	for (size_t i = 0; i < r->nlistings; i++) {
		cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);

		describe_listing(&words, &r->listings[i]);
		if (words.n)
			message_warn("%s", words.p);
	}
}

static void show_misses(const struct run *r)
{
	for (size_t i = 0; i < r->o->npatterns; i++)
		if (!plan_means(r, r->o->patterns[i]))
			message_line("%s: nothing on the lists matches", r->o->patterns[i]);
}

/* A line that was lost by mistake is as quiet as one that was removed: the reader knows which it was. */
static void show_unlisted(const struct run *r)
{
	if (r->nunlisted > 1)
		message_line(
			"%s and %zu more: unlisted: the lists no longer mean them; the mirror serves them as before",
			r->unlisted, r->nunlisted - 1);
	else if (r->nunlisted)
		message_line(
			"%s: unlisted: the lists no longer mean it; the mirror serves it as before",
			r->unlisted);
}

static void show_total(const struct run *r)
{
	uint64_t total = 0;
	char amount[32];

	for (size_t i = 0; i < r->targets.n; i++)
		if (target_row(r->targets.v[i])->is_moved)
			total += (uint64_t)r->targets.v[i]->missing;
	progress_bytes(total, amount, sizeof(amount));
	printf("%s to fetch; ", amount);
}

static const char *summary_word(size_t state)
{
	const struct state_row *row = &state_rows[state];

	return row->for_people ? row->for_people : row->name;
}

static void show_summary(const struct run *r)
{
	size_t count[STATES] = { 0 };
	char amount[32];
	bool first = true;

	for (size_t i = 0; i < r->targets.n; i++)
		count[r->targets.v[i]->state]++;
	for (size_t s = 0; s < STATES; s++)
		if (count[s]) {
			printf("%s%zu %s", first ? "" : ", ", count[s], summary_word(s));
			first = false;
		}
	progress_bytes(registry_bytes(r->registry), amount, sizeof(amount));
	printf("%s; %s in %.1f s; ", first ? "nothing to do" : "", amount,
	       (double)(clock_now() - r->started_mono) / CLOCK_SEC);
	if (r->o->sizes)
		show_total(r);
	if (r->o->dry_run)
		printf("nothing was changed (dry run)\n");
	else if (r->published)
		printf("published generation %ld\n", r->generation);
	else
		printf("generation %ld stands\n", r->generation);
}

static void show_lines(const struct run *r)
{
	for (size_t i = 0; i < r->targets.n; i++)
		show_target(r, r->targets.v[i]);
	show_failures(r);
	show_incomplete(r);
	show_stale(r);
}

/* ---- for eyes: a table ---- */

static enum ink ink_of(const struct target *t)
{
	return t->incomplete || t->stale ? INK_WARN : target_row(t)->ink;
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

static void add_row(struct columns *table, const struct run *r, const struct target *t)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_INDEX_ENTRY);

	add_digests(&words, t);
	describe_size(&words, r, t);
	describe_details(&words, t);
	columns_add(table, ink_of(t), "%s", describe_state(t, r->o->dry_run));
	columns_add(table, INK_PLAIN, "%s", t->name);
	columns_add(table, INK_PLAIN, "%s", words.p);
	columns_end(table);
}

/* Others that failed for the same reason: how many, or, where each has to be named, which. */
static void add_more(struct columns *table, const struct target *t, size_t more)
{
	columns_add(table, ink_of(t), "%s", describe_state(t, false));
	columns_add(table, INK_PLAIN, "and %zu more", more);
	columns_add(table, INK_PLAIN, "for the same reason");
	columns_end(table);
}

static bool has_row(const struct target *t)
{
	return t->incomplete || t->stale || !target_row(t)->no_terminal_row;
}

static void add_target(struct columns *table, const struct run *r,
		       const struct failure_groups *reasons, const struct target *t)
{
	size_t more = 0;
	bool told = failure_groups_tell(reasons, t, &more);

	if (told || t->stale || !more)
		add_row(table, r, t);
	if (told && more)
		add_more(table, t, more);
}

/* What is bad stands at the end, where the eye is. */
static void show_table(const struct run *r, bool color)
{
	cleanup_by(columns_release) struct columns table = COLUMNS_INIT;
	cleanup_by(failure_groups_release) struct failure_groups reasons = FAILURE_GROUPS_INIT;

	failure_groups_collect(&reasons, r);
	for (size_t s = 0; s < STATES; s++)
		for (size_t i = 0; i < r->targets.n; i++) {
			const struct target *t = r->targets.v[i];

			if ((size_t)t->state == s && has_row(t))
				add_target(&table, r, &reasons, t);
		}
	columns_print(&table, stdout, color);
	fflush(stdout);
}

void show_results(const struct run *r, bool color)
{
	/* who keeps one of the two in a file finds there what belongs there */
	if (isatty(STDOUT_FILENO) && isatty(STDERR_FILENO))
		show_table(r, color);
	else
		show_lines(r);
	show_listings(r);
	show_misses(r);
	show_unlisted(r);
	show_summary(r);
	fflush(stdout);
}

void show_progress(struct run *r)
{
	uint64_t bytes = registry_bytes(r->registry);

	progress_show(&(struct progress){
		.bytes = bytes,
		.bytes_left = r->wanted > bytes ? r->wanted - bytes : 0,
		.done = r->settled,
		.all = r->targets.n,
		.started = r->started_mono,
	});
}

void show_progress_end(void)
{
	progress_end();
}
