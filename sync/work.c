/*
 * The life of a target. Each arrow that ends at a state decides the target, once and for good; then
 * the next one of its host is started.
 *
 *	waiting			in a lane, in PENDING
 *	  |  start_target
 *	  |-- its line says upstream=gone -----------------------> SKIPPED, FAILED
 *	  |-- not due, or left aside by an option ---------------> SKIPPED, GONE, WAITING
 *	  |-- --missing, and the mirror has the tag --------.    (fetch, of what it means now;
 *	  |                                                 |     a snapshot's name is asked for)
 *	  v                                                 |
 *	HEAD			registry_head; of the digest when the line pins one
 *	  |  got_head                                       |
 *	  |-- 404: one GET, registry_tag, and got_head again|
 *	  |-- 404, the mirror has it ---------------------- | ---> GONE
 *	  |-- 404, it is a snapshot of the mirror's ------- | ---> CURRENT, or fetch
 *	  |-- 404, perhaps a snapshot, no mirror at hand -- | ---> SKIPPED
 *	  |-- 404 otherwise, and any other failure -------- | ---> FAILED, LIMITED
 *	  v                                                 |
 *	compare                                             |
 *	  |-- mirror.conf denies it ----------------------- | ---> HELD, FAILED
 *	  |-- a snapshot of that name, with another digest - | --> FAILED
 *	  |-- a hold or a mark ---------------------------- | ---> HELD, FAILED
 *	  |-- min-age= is not over, and with --observe ---- | ---> WAITING
 *	  v                                                 |
 *	fetch  <--------------------------------------------'
 *	  |			fetch_image_as, which asks judge_image and admit_image before
 *	  |			the blobs
 *	  |  got_image
 *	  |-- any failure ---------------------------------------> FAILED, LIMITED
 *	  |-- referrers are not due, and in a dry run -----------> NEW, CURRENT, UPDATED
 *	  v
 *	referrers		referrers_fetch
 *	     got_referrers ---------------------------------------> NEW, CURRENT, UPDATED
 *
 * With --force, and when the line wants more than was fetched, what is below the published content
 * of a tag that stays is fetched first (look_below, got_below). --force does so for GONE and
 * SKIPPED, too.
 *
 * A FAILED target may get a second try at the end (sync/second_try.h).
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
#include "sync/allowance.h"
#include "sync/due.h"
#include "sync/external.h"
#include "sync/fetch.h"
#include "sync/kept_back.h"
#include "sync/lanes.h"
#include "sync/missing_repository.h"
#include "sync/plan.h"
#include "sync/promise.h"
#include "sync/referrers.h"
#include "sync/referrers_due.h"
#include "sync/run.h"
#include "sync/second_try.h"

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
	bool is_kept;           /* what is published is looked at, and not asked for referrers */
	int64_t promised;       /* bytes of the disk, until the target is decided */
	bool is_confirmed;      /* a GET was sent after a HEAD that said 404 */
	enum image_state below; /* the state, when what is below the published content was found */
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
	allowance_give_back(job->run, job->target);
	job_end(job, job->target->state);
}

/* The mirror's own disk refuses: no other image can be stored, and nothing can be published. */
static void note_disk(struct run *r, const struct err *err)
{
	if (err->kind != ERR_IO || disk_space_note(&r->space, err) ||
	    r->work->broken.kind != ERR_NONE)
		return;
	r->work->broken = *err;
	r->outcome.stopped = true;
	registry_stop(r->registry);
}

/* ---- fetch ---- */

static int admit_image(void *arg, int64_t bytes, struct err *err)
{
	struct job *job = arg;
	struct run *r = job->run;

	int64_t more = bytes - job->promised;

	if (allowance_admit(r, job->target, bytes, err) < 0)
		return -1;
	if (r->options->dry_run)
		return 0;
	if (disk_space_check(&r->space, more, err) < 0)
		return -1;
	job->promised = bytes;
	disk_space_promise(&r->space, more);
	r->outcome.wanted += (uint64_t)more;
	return 0;
}

static void got_referrers(void *arg)
{
	struct job *job = arg;

	job_end(job, target_arrival(job->target));
}

/* Upstream has the tag, but not all that it leads to. Without a tag, the digest on the line may be
 * wrong itself. */
static void fail_incomplete_upstream(struct job *job, const struct fetch_result *result)
{
	struct err why = *result->err;

	target_set_lacked(job->target, &result->lacked);
	if (target_is_pinned(job->target)) {
		err_wrap(&why, "no such image, or not all of it");
	} else {
		err_wrap(&why, "upstream does not have all of it");
		why.kind = ERR_INVALID;
	}
	job_fail(job, &why);
}

static void end_refused(struct job *job, const struct err *err)
{
	denied_refuse_target(job->run, job->target, err);
	job_end(job, job->target->state);
}

static void got_image(void *arg, const struct fetch_result *result)
{
	struct job *job = arg;
	struct target *t = job->target;

	t->bytes += result->bytes;
	t->missing = result->missing;
	t->requests += result->requests;
	if (result->err) {
		note_disk(job->run, result->err);
		if (result->is_refused)
			end_refused(job, result->err);
		else if (result->err->kind == ERR_NOTFOUND)
			fail_incomplete_upstream(job, result);
		else
			job_fail(job, result->err);
		return;
	}
	if (target_arrival(t) == STATE_CURRENT)
		t->completed = result->bytes;
	t->media_type = xstrdup(result->media_type);
	t->size = result->size;
	external_warn(job->run, t, result);
	if (!job->is_kept && referrers_due_is(job->run, t))
		referrers_fetch(job->run, t, result->manifests, result->nmanifests, got_referrers,
				job);
	else
		job_end(job, target_arrival(t));
}

static int judge_image(void *arg, const struct platforms *there, struct err *err)
{
	struct job *job = arg;

	return promise_judge(job->run, job->target, there, err);
}

/* Fetches the blobs and manifests below t->found that the store lacks. */
static void fetch_target(struct job *job)
{
	struct run *r = job->run;
	struct target *t = job->target;
	struct fetch_how how = {
		.platforms = t->o.platform,
		.no_external = t->o.external == 0,
		.admit = admit_image,
		.judge = promise_is_judged(r, t) ? judge_image : NULL,
		.only_judge = promise_is_all(r, t),
		.is_private = t->o.private_group,
	};

	if (promise_is_believed(r, t))
		job_end(job, target_arrival(t));
	else
		fetch_image_as(r->fetch, t->source, &t->found, &how, got_image, job);
}

/* ---- what is below the published content ---- */

/* A tag that is gone stays so, whatever else is wrong with it. */
static void fail_below(struct job *job, const struct err *err)
{
	struct target *t = job->target;
	struct err why = *err;

	err_wrap(&why, "not all of the content that is served is there");
	if (job->below != STATE_GONE) {
		job_fail(job, &why);
		return;
	}
	err_wrap(&why, "%s", plan_gone);
	target_set_error(t, why.msg);
	t->incomplete = true;
	job_end(job, STATE_GONE);
}

static void got_below(void *arg, const struct fetch_result *result)
{
	struct job *job = arg;
	struct target *t = job->target;

	t->bytes += result->bytes;
	t->missing = result->missing;
	t->requests += result->requests;
	if (result->err) {
		note_disk(job->run, result->err);
		fail_below(job, result->err);
		return;
	}
	t->base_whole = true;
	t->completed = result->bytes;
	job_end(job, job->below);
}

/* Ends in `state` when all that the line wants below it is there. */
static void look_below(struct job *job, enum image_state state)
{
	struct run *r = job->run;
	struct target *t = job->target;
	const struct fetch_how how = { .platforms = t->o.platform,
				       .no_external = t->o.external == 0,
				       .admit = admit_image,
				       .is_private = t->o.private_group };

	if (!r->fetch || r->options->observe || promise_is_all(r, t)) {
		job_end(job, state);
		return;
	}
	job->below = state;
	fetch_image_as(r->fetch, t->source, &t->base, &how, got_below, job);
}

/* The tag stays where it is, since its upstream has nothing for it. */
static void keep_target(struct job *job, enum image_state state)
{
	if (job->run->options->force)
		look_below(job, state);
	else
		job_end(job, state);
}

/* The same, though upstream has something: what the line wants of the published content may be
 * had. */
static void keep_back_target(struct job *job, enum image_state state)
{
	if (due_lacks_platforms(job->run, job->target))
		look_below(job, state);
	else
		keep_target(job, state);
}

/* ---- compare ---- */

/* The tag must not come to t->found. */
static void keep_from_found(struct job *job, const struct entry *e, const struct mark *k)
{
	enum image_state state = kept_back_say(job->target, e, k);

	if (state == STATE_HELD)
		keep_back_target(job, state);
	else
		job_end(job, state);
}

/* --observe fetches nothing. */
static void observe_target(struct job *job, const struct entry *e, bool waits)
{
	struct target *t = job->target;
	const struct mark *k = NULL;
	enum image_state state = waits ? STATE_WAITING : STATE_SKIPPED;

	if (e && digest_eq(&e->digest, &t->found))
		state = STATE_CURRENT;
	else if (kept_back_by(t, e, &job->run->marks, &k))
		state = kept_back_say(t, e, k);
	job_end(job, state);
}

/* t->found is known: upstream offers it, or the line pins it. */
static void compare_target(struct job *job)
{
	struct target *t = job->target;
	const struct entry *e = index_find(&job->run->index, t->name);
	bool waits = min_age_waits(job->run, t);
	const struct mark *k = NULL;
	struct err err;

	if (denied_refuses(job->run, &t->found, &err) < 0)
		end_refused(job, &err);
	else if (job->run->options->observe)
		observe_target(job, e, waits);
	else if (e && digest_eq(&e->digest, &t->found))
		fetch_target(job);
	else if (e && t->is_snapshot)
		job_end(job, target_fail_clash(t));
	else if (kept_back_by(t, e, &job->run->marks, &k))
		keep_from_found(job, e, k);
	else if (waits && !job->run->options->check)
		keep_back_target(job, STATE_WAITING);
	else
		fetch_target(job);
}

/* ---- HEAD ---- */

/* The published content stays. It is known by digest, so that platforms which its line adds may be
 * had. */
static void fetch_kept(struct job *job)
{
	job->target->found = job->target->base;
	job->is_kept = true;
	fetch_target(job);
}

static void keep_snapshot(struct job *job)
{
	struct target *t = job->target;

	t->found = t->base;
	/* what another mirror keeps, no upstream may have any more */
	if (t->o.platform && !job->run->options->against)
		fetch_kept(job);
	else
		keep_target(job, STATE_CURRENT);
}

static void got_no_head(struct job *job, const struct err *err)
{
	struct target *t = job->target;
	struct err why = *err;

	t->is_asked = !target_is_pinned(t);
	if (target_names_snapshot(t)) {
		keep_snapshot(job);
		return;
	}
	if (t->base.str[0] && !target_is_pinned(t)) {
		target_set_error(t, plan_gone);
		keep_target(job, STATE_GONE);
		return;
	}
	if (t->line->snapshot && run_is_mirror_unseen(job->run)) {
		job_end(job, STATE_SKIPPED);
		return;
	}
	err_wrap(&why, target_is_pinned(t) ? "no such image" : "no such tag or repository");
	if (t->line->snapshot)
		err_wrap(&why, "names a snapshot that the mirror does not have");
	job_fail(job, &why);
}

static void got_head(void *arg, const struct registry_manifest *m)
{
	struct job *job = arg;
	struct target *t = job->target;
	bool missing = m->err && missing_repository(t->source, m->err, t->base.str[0]);

	t->requests += m->requests;
	if (missing && m->err->kind == ERR_NOTFOUND && !job->is_confirmed &&
	    !target_names_snapshot(t)) {
		job->is_confirmed = true;
		registry_tag(job->run->registry, t->source, got_head, job);
		return;
	}
	if (missing) {
		got_no_head(job, m->err);
		return;
	}
	if (m->err) {
		job_fail(job, m->err);
		return;
	}
	t->found = m->digest;
	t->is_asked = !target_is_pinned(t);
	compare_target(job);
}

/* ---- the start of a target ---- */

/* Its own repository is asked for a pinned digest, also when another image has brought it: what
 * becomes of the line does not depend on the order of arrival. */
static void start_pinned(struct job *job)
{
	struct run *r = job->run;
	struct target *t = job->target;

	if (due_has_pinned(r, t)) {
		t->found = t->source->digest;
		compare_target(job);
	} else {
		registry_head(r->registry, t->source, got_head, job);
	}
}

/* The line says upstream=gone: upstream is not asked what the tag is. The platforms of the line are
 * a promise all the same; perhaps the digest can be had. */
static void start_known_gone(struct job *job)
{
	struct run *r = job->run;
	struct target *t = job->target;
	struct err err;

	t->unasked = true;
	if (t->base.str[0] && due_lacks_platforms(r, t) && !r->options->against) {
		fetch_kept(job);
	} else if (t->base.str[0]) {
		keep_target(job, STATE_SKIPPED);
	} else if (run_is_mirror_unseen(r)) {
		job_end(job, STATE_SKIPPED);
	} else {
		err_set(&err, ERR_INVALID, 0, "%s", plan_never_had);
		job_fail(job, &err);
	}
}

/* A tag that is gone, or that waits, is told in each run that is asked for it, due or not. */
static void leave_aside(struct job *job)
{
	struct target *t = job->target;
	const struct entry *e = index_find(&job->run->index, t->name);
	const struct run_options *o = job->run->options;

	t->unasked = true;
	if (o->missing || o->observe) {
		job_end(job, STATE_SKIPPED);
	} else if (e && entry_annotation(e, ANNOTATION_GONE_SINCE) && !t->is_snapshot) {
		target_set_error(t, plan_gone);
		job_end(job, STATE_GONE);
	} else {
		job_end(job, min_age_recall(job->run, t) ? STATE_WAITING : STATE_SKIPPED);
	}
}

/* Its listing says that it is gone. */
static void start_gone(struct job *job)
{
	if (job->run->options->missing) {
		job_end(job, STATE_SKIPPED);
		return;
	}
	target_set_error(job->target, plan_gone);
	keep_target(job, STATE_GONE);
}

static void start_job(struct job *job)
{
	struct run *r = job->run;
	struct target *t = job->target;

	t->completes = due_lacks_told(r, t);
	if (r->options->observe && !min_age_is_observed(t)) {
		leave_aside(job);
	} else if (t->is_gone && !t->o.upstream_gone) {
		start_gone(job);
	} else if (t->o.upstream_gone &&
		   (!target_is_pinned(t) || digest_eq(&t->base, &t->source->digest))) {
		start_known_gone(job);
	} else if (due_is_left_aside(r, t)) {
		leave_aside(job);
	} else if (target_is_pinned(t)) {
		start_pinned(job);
	} else if (r->options->missing && t->base.str[0] && !t->is_snapshot) {
		/* no tag moves: what the line wants more of it is fetched */
		t->unasked = true;
		t->found = t->base;
		fetch_target(job);
	} else {
		registry_head(r->registry, t->source, got_head, job);
	}
}

static void start_target(struct run *r, struct lane *lane, struct target *t)
{
	struct job *job = xcalloc(1, sizeof(*job));

	*job = (struct job){ .run = r, .lane = lane, .target = t };
	lane->active++;
	start_job(job);
}

/* Of each host, so that another image can be asked for where some are broken upstream. */
#define LEAST_IN_WORK 16

/* Keeps more targets of each host in work than it takes requests at once, so that its connections
 * are always busy; and not all of them, so that memory does not grow with the lists. */
static void start_targets(struct run *r)
{
	struct lanes *lanes = &r->work->lanes;
	size_t window = (size_t)r->options->jobs * 4;

	if (r->work->is_starting)
		return;
	if (window < LEAST_IN_WORK)
		window = LEAST_IN_WORK;
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
	if (second_try_queue(r, &r->work->lanes)) {
		start_targets(r);
		if (registry_run(r->registry, turn_run, r, 200, err) < 0)
			return -1;
	}
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
