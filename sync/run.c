#include "sync/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/file.h"
#include "oci/cli/exit_status.h"
#include "oci/cli/message.h"
#include "oci/lists/lists.h"
#include "oci/registry/registry.h"
#include "oci/store/generation.h"
#include "sync/fetch.h"
#include "sync/merge.h"
#include "sync/plan.h"
#include "sync/remote_index.h"
#include "sync/scratch.h"
#include "sync/work.h"

static void warn(void *arg, const char *text)
{
	(void)arg;
	message_warn("%s", text);
}

/* A file that mirror.conf names stands beside it, in the commit like it. */
static int read_beside(void *arg, const char *name, struct buf *out, struct err *err)
{
	return list_source_read(arg, name, out, err);
}

static int open_registry(struct run *r, struct err *err)
{
	struct registry_options o = *r->o->wire;

	o.conf = &r->source->lists->conf;
	o.read_beside = read_beside;
	o.read_beside_arg = r->source;
	o.parallel = r->o->jobs;
	o.quota_wait_seconds = r->o->quota_wait;
	o.warn = warn;
	r->registry = registry_new(&o, err);
	return r->registry ? 0 : -1;
}

static int load_against(struct run *r, struct err *err)
{
	return remote_index_load(r->o->against, &r->o->wire->net, &r->index, err);
}

/* A signal ends the wait, so it is not left to file_lock(). */
static int wait_for_lock(const struct layout *l, const struct run_options *o, struct err *err)
{
	const struct timespec pause = { .tv_nsec = 100 * CLOCK_MS };
	int64_t deadline = clock_now() + o->wait * CLOCK_SEC;
	bool told = false;
	int lock;

	while ((lock = file_lock(l->root, ".mirror/sync.lock", "mirror-sync", 0, err)) < 0 &&
	       err->sys == EWOULDBLOCK && !*o->stop && clock_now() < deadline) {
		if (!told)
			message_line("%s: waiting for another sync, up to %ld s: %s", o->mirror,
				     o->wait, err->msg);
		told = true;
		nanosleep(&pause, NULL);
	}
	return lock;
}

int run_lock(struct run *r, const struct run_options *o, struct err *err)
{
	if (layout_open(&r->layout, o->mirror, LAYOUT_WRITE, err) < 0)
		return -1;
	r->lock = wait_for_lock(&r->layout, o, err);
	if (r->lock < 0)
		return err_wrap(err, "%s%s", o->mirror,
				err->sys == EWOULDBLOCK
					? ": another sync is at work; nothing was done"
					: "");
	return 0;
}

/* Reads what is published, under the lock. */
static int open_mirror(struct run *r, struct err *err)
{
	if (r->lock < 0 && run_lock(r, r->o, err) < 0)
		return -1;
	/* a new mirror gets its generation 0 here, before its first blob */
	if (generation_load(&r->layout, &r->index, err) < 0)
		return -1;
	r->fetch = fetch_new(r->registry, &r->layout);
	return 0;
}

/* To know sizes, manifests must be read; they go where nothing else is. */
static int open_scratch(struct run *r, struct err *err)
{
	if (scratch_open(&r->scratch, err) < 0)
		return -1;
	r->fetch = fetch_new(r->registry, &r->scratch);
	fetch_measure(r->fetch, r->layout.root >= 0 ? &r->layout : NULL);
	return 0;
}

/* A dry run writes nothing: no lock, and a mirror that is not there yet is an empty one. */
static int look_at_mirror(struct run *r, struct err *err)
{
	if (r->o->against)
		return load_against(r, err);
	if (layout_is_new(r->o->mirror))
		return 0;
	if (layout_open(&r->layout, r->o->mirror, LAYOUT_READ, err) < 0)
		return -1;
	return generation_look(&r->layout, &r->index, err);
}

static bool is_listed(const char *ref, void *arg)
{
	const struct run *r = arg;

	/* a run of some patterns, or one that was stopped, does not know all that is listed */
	return r->o->npatterns || r->stopped || table_get(&r->names, ref);
}

/* Whether upstream answered for the target's name in this run. */
static bool was_checked(const struct target *t)
{
	return target_row(t)->upstream != UPSTREAM_UNKNOWN;
}

/* Nobody checks what is known to be gone. */
static long max_age_of(const struct target *t)
{
	return t->o.upstream_gone ? -1 : t->o.max_age;
}

/* max-age=: what was last checked with success longer ago is named. */
static void find_stale(struct run *r)
{
	for (size_t i = 0; i < r->targets.n; i++) {
		struct target *t = r->targets.v[i];
		const struct entry *e = index_find(&r->index, t->name);
		time_t last = sync_state_last(t->checked, e, r->started);

		t->stale = !was_checked(t) && sync_state_is_stale(last, max_age_of(t), r->started);
		if (t->stale)
			t->checked = last;
	}
}

/* What is published stands, whatever becomes of this. */
static void save_state(struct run *r)
{
	struct err err;

	for (size_t i = 0; i < r->targets.n; i++) {
		const struct target *t = r->targets.v[i];

		if (was_checked(t))
			sync_state_note(&r->checked, t->name, r->started);
		if (was_checked(t) || t->base.str[0])
			sync_state_set_max_age(&r->checked, t->name, max_age_of(t));
	}
	if (sync_state_save(&r->checked, &r->layout, is_listed, r, &err) < 0)
		message_warn("%s: %s; the next run asks for everything", r->o->mirror, err.msg);
}

int run_sync(struct run *r, const struct run_options *o, struct list_source *source,
	     struct err *err)
{
	r->o = o;
	r->source = source;
	r->started = clock_wall();
	r->started_mono = clock_now();
	if (open_registry(r, err) < 0)
		return -1;
	if ((o->dry_run ? look_at_mirror(r, err) : open_mirror(r, err)) < 0)
		return -1;
	if (o->sizes && open_scratch(r, err) < 0)
		return -1;
	r->generation = generation_number(&r->index);
	sync_state_load(&r->checked, &r->layout);
	if (work_all(r, err) < 0)
		return -1;
	if (r->broken.kind != ERR_NONE) {
		*err = r->broken;
		return -1;
	}
	find_stale(r);
	if (o->dry_run)
		return 0;
	if (merge_publish(r, err) < 0)
		return -1;
	save_state(r);
	return 0;
}

static void listing_release(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->tags[i]);
	for (size_t i = 0; i < l->ngone; i++)
		free(l->gone[i]);
	free(l->tags);
	free(l->gone);
	free(l->error);
}

void run_release(struct run *r)
{
	for (size_t i = 0; i < r->nlanes; i++) {
		free(r->lanes[i]->host);
		free(r->lanes[i]->waiting);
		free(r->lanes[i]);
	}
	free(r->lanes);
	for (size_t i = 0; i < r->nlistings; i++)
		listing_release(&r->listings[i]);
	free(r->listings);
	sync_state_release(&r->checked);
	table_release(&r->names);
	targets_release(&r->targets);
	fetch_free(r->fetch);
	registry_free(r->registry);
	index_release(&r->index);
	scratch_remove(&r->scratch);
	layout_close(&r->layout);
	cleanup_fd_(&r->lock);
	free(r->unlisted);
	*r = (struct run)RUN_INIT;
}

/* The bits of the target's state. */
static int bits_of_state(const struct run *r, const struct target *t)
{
	const struct state_row *row = target_row(t);

	/* a full disk that let nothing be published is a failure of the mirror, not of the image */
	if (row->is_failed && t->no_space && !r->published)
		return EXIT_MIRROR;
	return row->exit | (r->o->dry_run ? row->exit_dry_run : 0);
}

int run_status_of(const struct run *r, const struct target *t, int tolerate)
{
	int bits = bits_of_state(r, t) | (t->incomplete ? EXIT_PART : 0);

	return target_row(t)->is_never_tolerated ? bits : bits & ~tolerate;
}

int run_status(const struct run *r, int tolerate)
{
	int status = r->stopped ? EXIT_PART : 0;

	for (size_t i = 0; i < r->targets.n; i++)
		status |= run_status_of(r, r->targets.v[i], tolerate);
	for (size_t i = 0; i < r->o->npatterns; i++)
		if (!plan_means(r, r->o->patterns[i]))
			status |= EXIT_PART;
	return status;
}
