/*
 * The life of a target. Each arrow that ends at a state decides the target, once and for good; then
 * the next one of its host is started.
 *
 *	waiting			in a lane, in PENDING
 *	  |  start_target
 *	  |-- names a snapshot of the mirror --------------------> CURRENT
 *	  |-- not due, or left aside by an option ---------------> SKIPPED
 *	  |-- its line pins a digest: no request ----------.
 *	  v                                                |
 *	HEAD			registry_head              |
 *	  |  got_head                                       |
 *	  |-- 404, the mirror has it --------------------- | ----> GONE
 *	  |-- 404, perhaps a snapshot, no mirror at hand - | ----> SKIPPED
 *	  |-- 404 otherwise, and any other failure ------- | ----> FAILED, LIMITED
 *	  v                                                |
 *	compare  <-----------------------------------------'
 *	  |-- a hold, or a snapshot of that name ----------------> HELD
 *	  v
 *	fetch			fetch_image, which asks admit_image before the blobs
 *	  |  got_image
 *	  |-- any failure ---------------------------------------> FAILED, LIMITED
 *	  |-- without referrers=yes, and in a dry run -----------> NEW, CURRENT, UPDATED
 *	  v
 *	referrers		referrers_fetch
 *	     got_referrers ---------------------------------------> NEW, CURRENT, UPDATED
 *
 * A target that plan decides (its listing failed, or says that it is gone) never comes here. A
 * target that a stopped run did not start stays PENDING. Merge may still turn a state into HELD or
 * FAILED, when an operator changed the entry meanwhile.
 */
#include "sync/work.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/lists/list_image.h"
#include "oci/registry/registry.h"
#include "oci/store/hold.h"
#include "sync/fetch.h"
#include "sync/lanes.h"
#include "sync/plan.h"
#include "sync/referrers.h"
#include "sync/run.h"

/* What a run needs only while it works. */
struct work {
	struct lanes lanes;
	bool is_starting;  /* start_targets() is at work: a target that is decided at once must not
			    * call it again, a level deeper for each */
	struct err broken; /* why the mirror itself cannot be used; kind NONE while it can */
};

/* A target in work: the argument of its callbacks. */
struct job {
	struct run *run;
	struct lane *lane;
	struct target *target;
	int64_t promised; /* bytes of the disk, until the target is decided */
};

static void start_targets(struct run *r);

/* ---- the end of a target ---- */

static void job_end(struct job *job, enum image_state state)
{
	struct run *r = job->run;

	job->target->state = state;
	job->lane->active--;
	disk_space_give_back(&r->space, job->promised);
	r->outcome.decided++;
	free(job);
	start_targets(r);
}

static void job_fail(struct job *job, const struct err *err)
{
	target_fail(job->target, err);
	job_end(job, job->target->state);
}

/* The mirror's own disk refuses: no other image can be stored, and nothing can be published. */
static void give_up_run(struct run *r, const struct err *err)
{
	if (r->work->broken.kind != ERR_NONE)
		return;
	r->work->broken = *err;
	r->outcome.stopped = true;
	registry_stop(r->registry);
}

static enum image_state state_of_arrival(const struct target *t)
{
	if (!t->base.str[0])
		return STATE_NEW;
	return digest_eq(&t->base, &t->found) ? STATE_CURRENT : STATE_UPDATED;
}

/* ---- fetch ---- */

static int admit_image(void *arg, int64_t bytes, struct err *err)
{
	struct job *job = arg;
	struct run *r = job->run;

	if (disk_space_check(&r->space, bytes, &job->target->no_space, err) < 0)
		return -1;
	job->promised = bytes;
	disk_space_promise(&r->space, bytes);
	r->outcome.wanted += (uint64_t)bytes;
	return 0;
}

static void got_referrers(void *arg)
{
	struct job *job = arg;

	job_end(job, state_of_arrival(job->target));
}

/* Upstream has the tag, but not all that it leads to. Without a tag, the digest on the line may be
 * wrong itself. */
static void fail_incomplete_upstream(struct job *job, const struct err *err)
{
	struct err why = *err;

	if (target_is_pinned(job->target)) {
		err_wrap(&why, "no such image, or not all of it");
	} else {
		err_wrap(&why, "upstream does not have all of it");
		why.kind = ERR_INVALID;
	}
	job_fail(job, &why);
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
			give_up_run(job->run, result->err);
		if (result->err->kind == ERR_NOTFOUND)
			fail_incomplete_upstream(job, result->err);
		else
			job_fail(job, result->err);
		return;
	}
	/* admit_image() is not asked when an image is only measured */
	if (disk_space_check_policy(&job->run->space, result->missing, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	t->media_type = xstrdup(result->media_type);
	t->size = result->size;
	if (t->o.referrers == 1 && !job->run->options->dry_run)
		referrers_fetch(job->run, t, result->manifests, result->nmanifests, got_referrers,
				job);
	else
		job_end(job, state_of_arrival(t));
}

/* Fetches the blobs and manifests below t->found that the store lacks. */
static void fetch_target(struct job *job)
{
	struct run *r = job->run;
	struct target *t = job->target;

	/* a dry run does not fetch; with --against only the index is known, and what it names is
	 * taken to be there */
	if (!r->fetch || (r->options->against && digest_eq(&t->base, &t->found)))
		job_end(job, state_of_arrival(t));
	else
		fetch_image(r->fetch, &t->source, &t->found, t->o.platform, admit_image, got_image,
			    job);
}

/* ---- compare ---- */

/* t->found is known: upstream offers it, or the line pins it. */
static void compare_target(struct job *job)
{
	struct target *t = job->target;
	const struct entry *e = index_find(&job->run->index, t->name);

	if (e && !digest_eq(&e->digest, &t->found) &&
	    (t->is_snapshot || hold_covers(e, &t->found))) {
		if (t->is_snapshot)
			target_set_error(t, "the mirror keeps a snapshot under this name, and "
					    "upstream has something else");
		job_end(job, STATE_HELD);
	} else {
		fetch_target(job);
	}
}

/* ---- HEAD ---- */

/* Whether the target may be a snapshot of a mirror that this run cannot look into. */
static bool is_unseen_snapshot(const struct run *r, const struct target *t)
{
	return t->line->snapshot && r->options->check && r->layout.root < 0 && !r->options->against;
}

static void got_no_head(struct job *job, const struct err *err)
{
	struct target *t = job->target;
	struct err why = *err;

	if (t->base.str[0]) {
		target_set_error(t, plan_gone);
		job_end(job, STATE_GONE);
		return;
	}
	if (is_unseen_snapshot(job->run, t)) {
		job_end(job, STATE_SKIPPED);
		return;
	}
	err_wrap(&why, "no such tag or repository");
	if (t->line->snapshot)
		err_wrap(&why, "names a snapshot that the mirror does not have");
	job_fail(job, &why);
}

static void got_head(void *arg, const struct registry_manifest *m)
{
	struct job *job = arg;
	struct target *t = job->target;

	t->requests += m->requests;
	if (m->err && m->err->kind == ERR_NOTFOUND) {
		got_no_head(job, m->err);
		return;
	}
	if (m->err) {
		job_fail(job, m->err);
		return;
	}
	t->found = m->digest;
	compare_target(job);
}

/* ---- the start of a target ---- */

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether refresh= lets the target be asked for. One that the mirror lacks is always due, and one
 * whose line now names another source or platform than its entry. */
static bool is_due(const struct run *r, const struct target *t)
{
	const struct entry *e = index_find(&r->index, t->name);

	if (r->options->force || !e || sync_state_due(t->checked, t->o.refresh, r->outcome.started))
		return true;
	return !t->base_held &&
	       (!target_is_origin(t, e) ||
		!is_same_text(entry_annotation(e, ANNOTATION_PLATFORM), t->o.platform));
}

/* A line may name a snapshot to keep it from prune; upstream is not asked for it. Upstream's own
 * tag may end in a date as well: one that the mirror does not have as a snapshot is asked for. */
static bool names_snapshot(const struct target *t)
{
	return t->is_snapshot && !t->line->select && !t->line->own.as && !target_is_pinned(t);
}

/* Whether upstream is not asked for the target: its line says upstream=gone, --missing is given and
 * the mirror has it, or refresh= says that it is not due. A pinned digest needs no request, so it
 * is always due. */
static bool is_left_aside(const struct run *r, const struct target *t)
{
	return t->o.upstream_gone || (r->options->missing && t->base.str[0]) ||
	       (!target_is_pinned(t) && !is_due(r, t));
}

static void start_target(struct run *r, struct lane *lane, struct target *t)
{
	struct job *job = xcalloc(1, sizeof(*job));

	*job = (struct job){ .run = r, .lane = lane, .target = t };
	lane->active++;
	if (names_snapshot(t)) {
		job_end(job, STATE_CURRENT);
	} else if (is_left_aside(r, t)) {
		job_end(job, STATE_SKIPPED);
	} else if (target_is_pinned(t)) {
		t->found = t->source.digest;
		compare_target(job);
	} else {
		registry_head(r->registry, &t->source, got_head, job);
	}
}

/* Keeps more targets of each host in work than it takes requests at once, so that its connections
 * are always busy; and not all of them, so that memory does not grow with the lists. */
static void start_targets(struct run *r)
{
	struct lanes *lanes = &r->work->lanes;
	size_t window = (size_t)r->options->jobs * 4;

	if (r->work->is_starting)
		return;
	r->work->is_starting = true;
	for (size_t i = 0; i < lanes->n && !r->outcome.stopped; i++) {
		struct lane *lane = lanes->v[i];

		while (lane->active < window && lane->next < lane->n)
			start_target(r, lane, lane->waiting[lane->next++]);
	}
	r->work->is_starting = false;
}

/* ---- the loop ---- */

static void start_planned(struct run *r)
{
	lanes_sort(&r->work->lanes);
	start_targets(r);
}

static bool turn_run(void *arg)
{
	struct run *r = arg;

	if (*r->options->stop && !r->outcome.stopped) {
		r->outcome.stopped = true;
		registry_stop(r->registry);
	}
	if (r->turn)
		r->turn(&r->outcome);
	return false;
}

int work_all(struct run *r, struct err *err)
{
	r->work = xcalloc(1, sizeof(*r->work));
	plan_make(r, &r->work->lanes, start_planned);
	if (registry_run(r->registry, turn_run, r, 200, err) < 0)
		return -1;
	if (r->work->broken.kind == ERR_NONE)
		return 0;
	*err = r->work->broken;
	return -1;
}

void work_free(struct work *w)
{
	if (!w)
		return;
	lanes_release(&w->lanes);
	free(w);
}
