#include "sync/work.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/cli/progress.h"
#include "oci/lists/lists.h"
#include "oci/registry/registry.h"
#include "oci/store/hold.h"
#include "sync/fetch.h"
#include "sync/plan.h"
#include "sync/run.h"

/* A target on its way: what a callback needs. */
struct job {
	struct run *run;
	struct lane *lane;
	struct target *target;
};

static void pump(struct run *r);

/* ---- one target ---- */

static int check_policy(const struct run *r, int64_t bytes, struct err *err)
{
	int64_t max = r->source->lists->conf.max_bytes;
	char needs[32], allowed[32];

	if (max < 0 || bytes <= max)
		return 0;
	progress_bytes((uint64_t)bytes, needs, sizeof(needs));
	progress_bytes((uint64_t)max, allowed, sizeof(allowed));
	return err_set(err, ERR_USAGE, 0,
		       "needs %s, more than the %s of the policy's max-bytes=", needs, allowed);
}

int work_check_space(const struct run *r, int64_t bytes, bool *no_space, struct err *err)
{
	char needs[32], left[32];
	uint64_t room, awaited;

	if (check_policy(r, bytes, err) < 0)
		return -1;
	if (layout_free_space(&r->layout, &room, err) < 0)
		return -1;
	if (room >= r->promised + (uint64_t)bytes)
		return 0;
	/* a part of what was promised has arrived, and has taken its room already */
	awaited = fetch_awaited(r->fetch);
	room = room > awaited ? room - awaited : 0;
	if (room >= (uint64_t)bytes)
		return 0;
	if (no_space)
		*no_space = true;
	progress_bytes((uint64_t)bytes, needs, sizeof(needs));
	progress_bytes(room, left, sizeof(left));
	return err_set(err, ERR_INVALID, 0, "needs %s, and the disk has %s left for it", needs,
		       left);
}

static int admit_image(void *arg, int64_t bytes, struct err *err)
{
	struct job *job = arg;

	if (work_check_space(job->run, bytes, &job->target->no_space, err) < 0)
		return -1;
	job->target->admitted = bytes;
	job->run->promised += (uint64_t)bytes;
	job->run->wanted += (uint64_t)bytes;
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether a line's refresh= leaves it to be asked for. What is not there is due, and so is what the
 * line says otherwise than when it was fetched. */
static bool is_due(const struct run *r, const struct target *t)
{
	const struct entry *e = index_find(&r->index, t->name);

	if (r->o->force || !e || sync_state_due(t->checked, t->o.refresh, r->started))
		return true;
	return !t->base_held &&
	       (!target_is_origin(t, e) ||
		!same_text(entry_annotation(e, ANNOTATION_PLATFORM), t->o.platform));
}

/* The target has its state: the next one of its host may start. */
static void settle(struct job *job, enum target_state state)
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

static enum target_state state_of_arrival(const struct target *t)
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

/* The tag is there, but not everything that it leads to; only a digest on the line may be wrong itself. */
static void upstream_lacks_part(struct job *job, const struct err *err)
{
	struct err why = *err;

	if (target_is_pinned(job->target)) {
		err_wrap(&why, "no such image, or not all of it");
	} else {
		err_wrap(&why, "upstream does not have all of it");
		why.kind = ERR_INVALID;
	}
	settle_failed(job, &why);
}

static void got_image(void *arg, const struct fetch_result *result)
{
	struct job *job = arg;
	struct target *t = job->target;
	struct err err;

	t->bytes += result->bytes;
	t->missing = result->missing;
	t->requests += result->requests;
	if (result->err) {
		if (result->err->kind == ERR_IO)
			give_up(job->run, result->err);
		if (result->err->kind == ERR_NOTFOUND)
			upstream_lacks_part(job, result->err);
		else
			settle_failed(job, result->err);
		return;
	}
	/* what is only measured was not admitted */
	if (check_policy(job->run, result->missing, &err) < 0) {
		settle_failed(job, &err);
		return;
	}
	t->media_type = xstrdup(result->media_type);
	t->size = result->size;
	if (t->o.referrers == 1 && !job->run->o->dry_run)
		referrers_fetch(job->run, t, result->manifests, result->nmanifests, got_referrers,
				job);
	else
		settle(job, state_of_arrival(t));
}

/* Gets what is below t->found, or finds that it is all there. */
static void fetch_target(struct job *job)
{
	struct run *r = job->run;
	struct target *t = job->target;

	/* a dry run; of another host's mirror only the index is known, and what it names is there */
	if (!r->fetch || (r->o->against && digest_eq(&t->base, &t->found)))
		settle(job, state_of_arrival(t));
	else
		fetch_image(r->fetch, &t->source, &t->found, t->o.platform, admit_image, got_image,
			    job);
}

/* Whether nobody here can tell if the mirror has what the line names: a snapshot, and no mirror is at hand. */
static bool may_be_there(const struct run *r, const struct target *t)
{
	return t->line->snapshot && r->o->check && r->layout.root < 0 && !r->o->against;
}

static void upstream_lacks_it(struct job *job, const struct err *err)
{
	struct target *t = job->target;
	struct err why = *err;

	if (t->base.str[0]) {
		target_set_error(t, plan_gone);
		settle(job, STATE_GONE);
		return;
	}
	if (may_be_there(job->run, t)) {
		settle(job, STATE_SKIPPED);
		return;
	}
	err_wrap(&why, "no such tag or repository");
	if (t->line->snapshot)
		err_wrap(&why, "names a snapshot that the mirror does not have");
	settle_failed(job, &why);
}

/* What upstream offers (or the line pins) is known. */
static void compare(struct job *job)
{
	struct target *t = job->target;
	const struct entry *e = index_find(&job->run->index, t->name);

	if (e && !digest_eq(&e->digest, &t->found) &&
	    (t->is_snapshot || hold_covers(e, &t->found))) {
		if (t->is_snapshot)
			target_set_error(t, "the mirror keeps a snapshot under this name, and "
					    "upstream has something else");
		settle(job, STATE_HELD);
	} else {
		fetch_target(job);
	}
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

/* A line that names a snapshot keeps it from prune and asks nobody. Upstream's own tag may end in a date
 * as well: one that the mirror does not have as a snapshot is asked for. */
static bool names_snapshot(const struct target *t)
{
	return t->is_snapshot && !t->line->select && !t->line->own.as && !target_is_pinned(t);
}

/* Known to be gone, there already where only what is missing is wanted, or not due; what a line pins costs no
 * request, so it is always due. */
static bool is_left_alone(const struct run *r, const struct target *t)
{
	return t->o.upstream_gone || (r->o->missing && t->base.str[0]) ||
	       (!target_is_pinned(t) && !is_due(r, t));
}

static void start_target(struct run *r, struct lane *lane, struct target *t)
{
	struct job *job = xcalloc(1, sizeof(*job));

	*job = (struct job){ .run = r, .lane = lane, .target = t };
	lane->active++;
	if (names_snapshot(t)) {
		settle(job, STATE_CURRENT);
	} else if (is_left_alone(r, t)) {
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

static void sort_waiting(struct lane *lane)
{
	if (lane->n > lane->next)
		qsort(lane->waiting + lane->next, lane->n - lane->next, sizeof(struct target *),
		      by_checked);
}

static void start_more(struct run *r)
{
	for (size_t i = 0; i < r->nlanes; i++)
		sort_waiting(r->lanes[i]);
	pump(r);
}

int work_all(struct run *r, struct err *err)
{
	plan_make(r, start_more);
	return registry_run(r->registry, is_stopped, r, 200, err);
}
