#include "sync/show.h"

#include <stdio.h>
#include <string.h>

#include "oci/clock.h"
#include "oci/list.h"
#include "oci/log.h"
#include "oci/own.h"
#include "oci/progress.h"
#include "oci/registry.h"
#include "oci/table.h"
#include "sync/plan.h"
#include "sync/run.h"

/* "sha256:58b8..." short enough for a line and long enough to be told apart */
#define SHORT_DIGEST 19

static void short_digest(const struct digest *d, char out[static SHORT_DIGEST + 1])
{
	snprintf(out, SHORT_DIGEST + 1, "%.19s", d->str[0] ? d->str : "nothing");
}

/* ", 12.3 MB to fetch", with --sizes. */
static void show_size(const struct run *r, const struct target *t)
{
	char amount[32];

	if (!r->o->sizes)
		return;
	progress_bytes((uint64_t)t->missing, amount, sizeof(amount));
	printf(", %s to fetch", amount);
}

static void show_moved(const struct run *r, const struct target *t)
{
	char from[SHORT_DIGEST + 1], to[SHORT_DIGEST + 1];

	short_digest(&t->base, from);
	short_digest(&t->found, to);
	printf("%s: %s %s -> %s%s%s", t->name, r->o->dry_run ? "would be updated," : "updated",
	       from, to, t->snapshot ? ", kept as " : "", t->snapshot ? t->snapshot : "");
	show_size(r, t);
	putchar('\n');
}

static void show_target(const struct run *r, const struct target *t)
{
	char found[SHORT_DIGEST + 1];

	short_digest(&t->found, found);
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
	case STATE_GONE: log_line("%s: gone: %s", t->name, t->error); break;
	default: break; /* failures are shown together */
	}
}

/* Images that failed for the same reason of their host's, word for word: it is down, or its quota is used up. */
struct reason {
	const struct target *first;
	size_t more;
};

static void count_reason(struct table *reasons, const struct target *t)
{
	struct reason *reason = table_get(reasons, t->error);

	if (reason) {
		reason->more++;
		return;
	}
	reason = xcalloc(1, sizeof(*reason));
	reason->first = t;
	table_put(reasons, t->error, reason);
}

static void show_reason(struct table *reasons, const struct target *t)
{
	struct reason *reason = table_get(reasons, t->error);

	if (reason->first != t)
		return;
	if (reason->more)
		log_line("%s and %zu more: %s", t->name, reason->more, t->error);
	else
		log_line("%s: %s", t->name, t->error);
	table_remove(reasons, t->error);
	free(reason);
}

static bool has_failed(const struct target *t)
{
	return (t->state == STATE_FAILED || t->state == STATE_LIMITED) && t->error;
}

/* What is the host's and not the image's: an image that is not there is always told by its name. */
static bool is_of_host(const struct target *t)
{
	return t->why == ERR_NET || t->why == ERR_LIMIT;
}

/* In the order of the lists; a host's reason once: two hundred images behind a dead registry are one line. */
static void show_failures(const struct run *r)
{
	own_by(table_release) struct table reasons = TABLE_INIT;

	for (size_t i = 0; i < r->targets.n; i++)
		if (has_failed(r->targets.v[i]) && is_of_host(r->targets.v[i]))
			count_reason(&reasons, r->targets.v[i]);
	for (size_t i = 0; i < r->targets.n; i++) {
		const struct target *t = r->targets.v[i];

		if (!has_failed(t))
			continue;
		if (!is_of_host(t))
			log_line("%s: %s", t->name, t->error);
		else if (table_get(&reasons, t->error))
			show_reason(&reasons, t);
	}
}

static void show_incomplete(const struct run *r)
{
	for (size_t i = 0; i < r->targets.n; i++) {
		const struct target *t = r->targets.v[i];

		if (t->incomplete)
			log_line("%s: %s", t->name, t->error);
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
		log_warn("%s: last checked with success %s, longer ago than its max-age", t->name,
			 when);
	}
}

static void show_listings(const struct run *r)
{
	for (size_t i = 0; i < r->nlistings; i++) {
		const struct listing *l = &r->listings[i];

		if (l->complete && !l->n)
			log_warn("%s:%d: no tag of %s/%s matches", l->line->file, l->line->line,
				 l->line->source.host, l->line->source.path);
	}
}

static void show_misses(const struct run *r)
{
	for (size_t i = 0; i < r->o->npatterns; i++)
		if (!plan_means(r, r->o->patterns[i]))
			log_line("%s: nothing on the lists matches", r->o->patterns[i]);
}

static void show_total(const struct run *r)
{
	uint64_t total = 0;
	char amount[32];

	for (size_t i = 0; i < r->targets.n; i++)
		total += (uint64_t)r->targets.v[i]->missing;
	progress_bytes(total, amount, sizeof(amount));
	printf("%s to fetch; ", amount);
}

static void show_summary(const struct run *r)
{
	size_t count[STATES] = { 0 };
	char amount[32];
	bool first = true;

	for (size_t i = 0; i < r->targets.n; i++)
		count[r->targets.v[i]->state]++;
	for (int s = 0; s < STATES; s++)
		if (count[s]) {
			printf("%s%zu %s", first ? "" : ", ", count[s],
			       s == STATE_PENDING ? "not reached" : state_names[s]);
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

void show_results(const struct run *r)
{
	for (size_t i = 0; i < r->targets.n; i++)
		show_target(r, r->targets.v[i]);
	show_failures(r);
	show_incomplete(r);
	show_stale(r);
	show_listings(r);
	show_misses(r);
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
