#include "sync/work.h"

#include <stdlib.h>

#include "oci/err.h"
#include "oci/fetch.h"
#include "oci/glob.h"
#include "oci/list.h"
#include "oci/move.h"
#include "oci/own.h"
#include "oci/registry.h"
#include "oci/select.h"
#include "sync/run.h"

/* A target or a listing on its way: what a callback needs. */
struct job {
	struct run *run;
	struct lane *lane; /* NULL for a listing */
	struct target *target;
	struct listing *listing;
};

static void pump(struct run *r);

/* ---- targets ---- */

/* A pattern without its tag part: what follows the last ":" after the last "/". */
static struct span name_part(struct span p)
{
	const char *slash = memrchr(p.p, '/', p.n), *colon = memrchr(p.p, ':', p.n);

	return colon && (!slash || colon > slash) ? span_of(p.p, (size_t)(colon - p.p)) : p;
}

/* Whether the run's patterns (none: all) match. `name_only`: the tag is not known yet. */
static bool asked_for(const struct run *r, const struct ref *target, bool name_only)
{
	for (size_t i = 0; i < r->o->npatterns; i++) {
		struct span p = span_str(r->o->patterns[i]);

		if (name_only)
			p = name_part(p);
		if (glob_match_ref(p, target))
			return true;
	}
	return r->o->npatterns == 0;
}

static struct lane *lane_of(struct run *r, const char *host)
{
	struct lane *lane;

	for (size_t i = 0; i < r->nlanes; i++)
		if (strcmp(r->lanes[i]->host, host) == 0)
			return r->lanes[i];
	lane = xcalloc(1, sizeof(*lane));
	lane->host = xstrdup(host);
	r->lanes = xgrow(r->lanes, r->nlanes, &r->caplanes, sizeof(struct lane *));
	r->lanes[r->nlanes++] = lane;
	return lane;
}

static const char gone_text[] = "no longer upstream; the mirror serves it as before";

/* A target that needs no asking: a complete listing shows that it is gone. */
static void add_gone(struct run *r, const struct list_image *line, const char *tag)
{
	struct target *t = target_new(line, tag);

	if (table_get(&r->names, t->name) || !asked_for(r, &t->target, false)) {
		target_free(t);
		return;
	}
	targets_keep(&r->targets, t);
	table_put(&r->names, t->name, t);
	target_remember(t, &r->index);
	target_set_error(t, gone_text);
	t->state = STATE_GONE;
	r->settled++;
}

/* One target of a line; two lines that mean the same name by their tag options meet here. */
static void add_target(struct run *r, const struct list_image *line, const char *tag)
{
	struct target *t = target_new(line, tag);
	struct lane *lane;

	if (table_get(&r->names, t->name) || !asked_for(r, &t->target, false)) {
		target_free(t);
		return;
	}
	targets_keep(&r->targets, t);
	table_put(&r->names, t->name, t);
	target_remember(t, &r->index);
	t->checked = checked_at(&r->checked, t->name);
	lane = lane_of(r, t->source.host);
	lane->waiting = xgrow(lane->waiting, lane->n, &lane->cap, sizeof(struct target *));
	lane->waiting[lane->n++] = t;
}

/* ---- tag lists ---- */

static void listing_failed(struct listing *l, const struct err *err)
{
	l->error = xstrdup(err->msg);
	l->limited = err->kind == ERR_LIMIT;
}

/* The tags that the line means, within the policy. */
static long choose_tags(const struct run *r, const struct listing *l,
			const struct registry_tags *tags, struct err *err)
{
	long n = select_tags(l->line->select, tags->tags, tags->n, err);
	long max = r->source->lists->conf.max_tags;

	if (n >= 0 && max >= 0 && n > max)
		return err_set(
			err, ERR_USAGE, 0,
			"%ld tags match, more than the policy's max-tags=%ld; narrow the line "
			"with tags=, semver= or newest=",
			n, max);
	return n;
}

/* Tags that the mirror has by this line, not upstream any more: the listing is complete, so they are
 * gone, not merely unseen. What fell out of the filters is unlisted instead (see merge.h). */
static void find_gone(struct run *r, const struct listing *l, const struct registry_tags *tags)
{
	own_free char *repository = ref_repository(&l->line->target);
	own_free char *prefix = xasprintf("%s:", repository);
	own_by(table_release) struct table there = TABLE_INIT;

	for (size_t i = 0; i < tags->n; i++)
		if (tags->tags[i])
			table_put(&there, tags->tags[i], (void *)tags->tags[i]);
	for (size_t i = index_seek(&r->index, prefix); i < r->index.n; i++) {
		const struct entry *e = r->index.v[i];
		const char *tag = e->ref + strlen(prefix);

		if (!span_starts(span_str(e->ref), prefix))
			break;
		if (entry_note(e, NOTE_LIST) && !entry_note(e, NOTE_SNAPSHOT_OF) &&
		    !entry_note(e, NOTE_UNLISTED_SINCE) && !table_get(&there, tag))
			add_gone(r, l->line, tag);
	}
}

static void got_tags(void *arg, const struct registry_tags *tags)
{
	own_free struct job *job = arg;
	struct listing *l = job->listing;
	struct run *r = job->run;
	struct err err;
	long n;

	r->listings_left--;
	if (tags->err) {
		listing_failed(l, tags->err);
		return;
	}
	find_gone(r, l, tags);
	n = choose_tags(r, l, tags, &err);
	if (n < 0) {
		listing_failed(l, &err);
		return;
	}
	l->complete = true;
	l->chosen = (size_t)n;
	for (long i = 0; i < n; i++)
		add_target(r, l->line, tags->tags[i]);
	pump(r);
}

static void ask_tags(struct run *r, struct listing *l)
{
	struct job *job = xcalloc(1, sizeof(*job));

	*job = (struct job){ .run = r, .listing = l };
	r->listings_left++;
	registry_tags(r->registry, &l->line->source, got_tags, job);
}

void work_plan(struct run *r)
{
	const struct lists *lists = r->source->lists;

	r->listings = xcalloc(lists->n, sizeof(*r->listings)); /* never moves: jobs point at them */
	for (size_t i = 0; i < lists->n; i++) {
		const struct list_image *line = &lists->images[i];

		if (!line->select)
			add_target(r, line, NULL);
		else if (asked_for(r, &line->target, true))
			r->listings[r->nlistings++] = (struct listing){ .line = line };
	}
	for (size_t i = 0; i < r->nlistings; i++)
		ask_tags(r, &r->listings[i]);
}

/* ---- one target ---- */

int work_admit(void *arg, int64_t bytes, struct err *err)
{
	struct job *job = arg;
	struct run *r = job->run;
	int64_t max = r->source->lists->conf.max_bytes;
	uint64_t room;

	if (max >= 0 && bytes > max)
		return err_set(err, ERR_USAGE, 0,
			       "needs %lld bytes, more than the policy's max-bytes=%lld",
			       (long long)bytes, (long long)max);
	if (layout_room(&r->layout, &room, err) < 0)
		return -1;
	job->target->no_room = room < r->promised + (uint64_t)bytes;
	if (job->target->no_room)
		return err_set(err, ERR_INVALID, 0,
			       "needs %lld bytes and the disk has %llu left for it",
			       (long long)bytes,
			       (unsigned long long)(room > r->promised ? room - r->promised : 0));
	job->target->admitted = bytes;
	r->promised += (uint64_t)bytes;
	return 0;
}

/* Whether a line's refresh= says that it was checked recently enough. What is not there is due. */
static bool is_due(const struct run *r, const struct target *t)
{
	return r->o->force || !t->base.str[0] ||
	       checked_due(t->checked, t->line->o.refresh, r->started);
}

/* The target has its state: the next one of its host may start. */
static void settle(struct job *job, enum state state)
{
	struct run *r = job->run;

	job->target->state = state;
	job->lane->active--;
	r->promised -= (uint64_t)job->target->admitted;
	r->settled++;
	free(job);
	pump(r);
}

static void settle_failed(struct job *job, const struct err *err)
{
	target_fail(job->target, err);
	settle(job, job->target->state);
}

/* The mirror's own disk refuses: no other image will fare better, and nothing can be published. */
static void give_up(struct run *r, const struct err *err)
{
	if (r->broken.kind != ERR_NONE)
		return;
	r->broken = *err;
	r->stopped = true;
	registry_stop(r->registry);
}

static enum state state_of_arrival(const struct target *t)
{
	if (!t->base.str[0])
		return STATE_NEW;
	return digest_eq(&t->base, &t->found) ? STATE_CURRENT : STATE_UPDATED;
}

static void got_referrers(void *arg)
{
	struct job *job = arg;

	settle(job, state_of_arrival(job->target));
}

static void got_image(void *arg, const struct fetch_result *result)
{
	struct job *job = arg;
	struct target *t = job->target;

	t->bytes += result->bytes;
	t->missing = result->missing;
	t->requests += result->requests;
	if (result->err) {
		if (result->err->kind == ERR_IO)
			give_up(job->run, result->err);
		settle_failed(job, result->err);
		return;
	}
	t->media_type = xstrdup(result->media_type);
	t->size = result->size;
	if (t->line->o.referrers == 1 && !job->run->o->dry_run)
		referrers_fetch(job->run, t, result->manifests, result->nmanifests, got_referrers,
				job);
	else
		settle(job, state_of_arrival(t));
}

/* Gets what is below t->found, or finds that it is all there. */
static void fetch_target(struct job *job)
{
	struct target *t = job->target;

	if (!job->run->fetch) /* a dry run */
		settle(job, state_of_arrival(t));
	else
		fetch_image(job->run->fetch, &t->source, &t->found, t->line->o.platform, got_image,
			    job);
}

static void upstream_lacks_it(struct job *job, const struct err *err)
{
	struct target *t = job->target;

	if (t->base.str[0]) {
		target_set_error(t, gone_text);
		settle(job, STATE_GONE);
	} else {
		settle_failed(job, err);
	}
}

/* What upstream offers (or the line pins) is known. */
static void compare(struct job *job)
{
	struct target *t = job->target;
	const struct entry *e = index_find(&job->run->index, t->name);

	if (e && !digest_eq(&e->digest, &t->found) && move_is_held(e, &t->found))
		settle(job, STATE_HELD);
	else
		fetch_target(job);
}

static void got_head(void *arg, const struct registry_manifest *m)
{
	struct job *job = arg;
	struct target *t = job->target;

	t->requests += m->requests;
	if (m->err && m->err->kind == ERR_NOTFOUND) {
		upstream_lacks_it(job, m->err);
		return;
	}
	if (m->err) {
		settle_failed(job, m->err);
		return;
	}
	t->found = m->digest;
	compare(job);
}

/* A line that names a snapshot keeps it from prune and asks nobody. */
static void settle_snapshot(struct job *job)
{
	struct target *t = job->target;

	if (!t->base.str[0])
		target_set_error(t, "names a snapshot that the mirror does not have");
	settle(job, t->base.str[0] ? STATE_CURRENT : STATE_FAILED);
}

static void start_target(struct run *r, struct lane *lane, struct target *t)
{
	struct job *job = xcalloc(1, sizeof(*job));

	*job = (struct job){ .run = r, .lane = lane, .target = t };
	lane->active++;
	if (t->line->snapshot) {
		settle_snapshot(job);
	} else if (t->line->o.upstream_gone || (r->o->missing && t->base.str[0]) || !is_due(r, t)) {
		settle(job, STATE_SKIPPED);
	} else if (target_is_pinned(t)) {
		t->found = t->source.digest;
		compare(job);
	} else {
		registry_head(r->registry, &t->source, got_head, job);
	}
}

/* Keeps every host busy with more targets than it takes requests at once, so that its connections
 * never wait for us, and no more, so that memory does not grow with the lists. */
static void pump(struct run *r)
{
	size_t window = (size_t)r->o->jobs * 4;

	if (r->pumping)
		return; /* a target that settles at once must not recurse for each */
	r->pumping = true;
	for (size_t i = 0; i < r->nlanes && !r->stopped; i++)
		while (r->lanes[i]->active < window && r->lanes[i]->next < r->lanes[i]->n)
			start_target(r, r->lanes[i], r->lanes[i]->waiting[r->lanes[i]->next++]);
	r->pumping = false;
}

static bool is_stopped(void *arg)
{
	struct run *r = arg;

	if (*r->o->stop && !r->stopped) {
		r->stopped = true;
		registry_stop(r->registry);
	}
	if (r->turn)
		r->turn(r);
	return false;
}

/* What was checked longest ago comes first, so that runs that are cut short get through all of the
 * lists in turn; otherwise the order is the lists'. */
static int by_checked(const void *a, const void *b)
{
	const struct target *x = *(struct target *const *)a, *y = *(struct target *const *)b;

	if (x->checked != y->checked)
		return x->checked < y->checked ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

int work_all(struct run *r, struct err *err)
{
	for (size_t i = 0; i < r->nlanes; i++)
		if (r->lanes[i]->n)
			qsort(r->lanes[i]->waiting, r->lanes[i]->n, sizeof(struct target *),
			      by_checked);
	pump(r);
	return registry_run(r->registry, is_stopped, r, 200, err);
}
