#include "sync/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/file.h"
#include "oci/cli/message.h"
#include "oci/lists/lists.h"
#include "oci/registry/registry.h"
#include "oci/store/generation.h"
#include "oci/store/hold.h"
#include "oci/store/reserve.h"
#include "sync/due.h"
#include "sync/fetch.h"
#include "sync/merge.h"
#include "sync/plan.h"
#include "sync/promise.h"
#include "sync/referrers_due.h"
#include "sync/remote_index.h"
#include "sync/scratch.h"
#include "sync/unlist.h"
#include "sync/waiting_tags.h"
#include "sync/work.h"

static void warn_user(void *arg, const char *text)
{
	(void)arg;
	message_warn("%s", text);
}

/* A file that mirror.conf names (ca=) lies beside it, in the same commit. */
static int read_beside(void *arg, const char *name, struct buf *out, struct err *err)
{
	return list_source_read(arg, name, out, err);
}

static int open_registry(struct run *r, struct err *err)
{
	struct registry_options o = *r->options->wire;

	o.conf = &r->source->lists->conf;
	o.read_beside = read_beside;
	o.read_beside_arg = r->source;
	o.parallel = r->options->jobs;
	o.max_rate = r->options->max_rate;
	o.quota_wait_seconds = r->options->quota_wait;
	o.warn = warn_user;
	r->registry = registry_new(&o, err);
	r->outcome.registry = r->registry;
	return r->registry ? 0 : -1;
}

static int load_remote_index(struct run *r, struct err *err)
{
	return remote_index_load(r->options->against, r->options->wire, &r->index, err);
}

/* file_lock() could wait itself, but a signal would not end its wait. */
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

int run_lock(struct run *r, const struct run_options *options, struct err *err)
{
	if (layout_open(&r->layout, options->mirror, LAYOUT_WRITE, err) < 0)
		return -1;
	r->lock = wait_for_lock(&r->layout, options, err);
	if (r->lock < 0)
		return err_wrap(err, "%s%s", options->mirror,
				err->sys == EWOULDBLOCK
					? ": another sync is at work; nothing was done"
					: "");
	return 0;
}

/* Reads the published index, under the lock. */
static int open_mirror(struct run *r, struct err *err)
{
	if (r->lock < 0 && run_lock(r, r->options, err) < 0)
		return -1;
	/* a new mirror gets its generation 0 here, before its first blob */
	if (generation_open(&r->layout, "mirror-sync", PUBLISH_WAIT, &r->index, err) < 0)
		return -1;
	/* what is fetched must leave operators room to act */
	reserve_keep(&r->layout);
	if (private_blobs_load(&r->private_blobs, &r->layout, err) < 0)
		return -1;
	r->fetch = fetch_new(r->registry, &r->layout);
	fetch_prove(r->fetch, &r->private_blobs);
	return 0;
}

/* A dry run reads manifests, to tell platforms and sizes; those that the mirror lacks go into a
 * store of their own. */
static int open_scratch(struct run *r, struct err *err)
{
	if (scratch_open(&r->scratch, err) < 0)
		return -1;
	r->fetch = fetch_new(r->registry, &r->scratch);
	fetch_measure(r->fetch, r->layout.root >= 0 ? &r->layout : NULL);
	return 0;
}

/* What is published, for a run that does not publish: it stops where a real one would. */
static int read_published(struct run *r, struct err *err)
{
	struct err doubt;

	if (generation_look(&r->layout, &r->index, err) < 0)
		return -1;
	if (!generation_doubt(&r->layout, &r->index, &doubt))
		return 0;
	*err = doubt;
	return err_failed();
}

/* --observe: what is published is only read; the lock is for state.json. */
static int open_observed(struct run *r, struct err *err)
{
	if (layout_is_new(r->options->mirror))
		return err_set(err, ERR_NOTFOUND, 0,
			       "%s: there is no mirror yet, so nothing can wait",
			       r->options->mirror);
	if (r->lock < 0 && run_lock(r, r->options, err) < 0)
		return -1;
	return read_published(r, err);
}

/* For a dry run: nothing is written, no lock taken, and a mirror that does not exist is empty. */
static int open_mirror_read_only(struct run *r, struct err *err)
{
	if (r->options->against)
		return load_remote_index(r, err);
	if (layout_is_new(r->options->mirror))
		return 0;
	if (layout_open(&r->layout, r->options->mirror, LAYOUT_READ, err) < 0)
		return -1;
	return read_published(r, err);
}

static bool is_listed(const char *ref, void *arg)
{
	const struct run *r = arg;

	/* a run with patterns, or a stopped one, does not know all references of the lists */
	return r->options->npatterns || r->outcome.stopped ||
	       outcome_misses_listing(&r->outcome, ref) || targets_find(&r->outcome.targets, ref);
}

/* Marks targets that were last checked with success longer ago than their max-age=. --missing tells
 * only of what it worked on. */
static void mark_stale(struct run *r)
{
	if (r->options->missing)
		return;
	for (size_t i = 0; i < r->outcome.targets.n; i++) {
		struct target *t = r->outcome.targets.v[i];
		const struct entry *e = index_find(&r->index, t->name);
		time_t last = sync_state_last(t->checked, e, r->outcome.started);

		t->stale = !due_was_checked(t) &&
			   sync_state_is_stale(last, due_max_age(t), r->outcome.started);
		if (t->stale)
			t->checked = last;
	}
}

/* A failure is only a warning: the generation is published already. */
static void save_state(struct run *r)
{
	struct err err;

	due_remember(r);
	referrers_due_remember(r);
	if (sync_state_save(&r->checked, &r->layout, is_listed, r, &err) < 0)
		message_warn("%s: %s; the next run asks for everything", r->options->mirror,
			     err.msg);
}

/* Before the publication: what mirror-serve may serve is judged by the file. A failure is only a
 * warning: what became everybody's stays private for longer. */
static void save_private_blobs(struct run *r)
{
	struct err err;

	if (private_blobs_save(&r->private_blobs, &r->layout, &err) < 0)
		message_warn("%s; public images lack what they share with private ones until "
			     "it is asked for again",
			     err.msg);
}

/* A run without the file asks for more than it must, and is right. */
static void load_state(struct run *r)
{
	struct err err;

	if (sync_state_load(&r->checked, &r->layout, &err) < 0)
		message_warn("%s; everything is asked again, and what waits for its min-age= waits "
			     "again%s",
			     err.msg,
			     r->options->dry_run ? "" : "; the file is kept as state.json.bad");
}

static int open_store(struct run *r, struct err *err)
{
	if (r->options->observe)
		return open_observed(r, err);
	return r->options->dry_run ? open_mirror_read_only(r, err) : open_mirror(r, err);
}

/* Since when the tag may not move, or comes to nothing that upstream offers; 0: it is not held. */
static time_t held_since(const struct run *r, const struct entry *e)
{
	cleanup_by(hold_release_words) struct hold_words words = { .reason = NULL };
	const struct mark *kept = marks_kept_back(&r->marks, &r->index, e);

	if (!entry_annotation(e, ANNOTATION_HELD))
		return kept ? clock_parse_rfc3339(kept->since) : 0;
	hold_read_words(e, &words);
	return clock_parse_rfc3339(words.since);
}

/* The age of the oldest hold is told in each run: one that was meant for a week is forgotten
 * easily. */
static void find_oldest_hold(struct run *r)
{
	for (size_t i = 0; i < r->index.n; i++) {
		time_t since = held_since(r, r->index.v[i]);

		if (since <= 0 || (r->outcome.hold && since >= r->outcome.hold_since))
			continue;
		free(r->outcome.hold);
		r->outcome.hold = xstrdup(r->index.v[i]->ref);
		r->outcome.hold_since = since;
	}
}

static int open_all(struct run *r, const struct run_options *options, struct list_source *source,
		    struct err *err)
{
	r->options = options;
	r->source = source;
	r->outcome.options = options;
	r->outcome.source = source;
	r->outcome.started = clock_wall();
	r->outcome.started_mono = clock_now();
	if (open_registry(r, err) < 0)
		return -1;
	if (open_store(r, err) < 0)
		return -1;
	if (marks_load(&r->marks, &r->index, err) < 0)
		return err_wrap(err, "%s/index.json", options->mirror);
	if (options->dry_run && open_scratch(r, err) < 0)
		return -1;
	r->space = (struct disk_space){
		.layout = &r->layout,
		.fetch = r->fetch,
	};
	r->outcome.generation = generation_number(&r->index);
	find_oldest_hold(r);
	load_state(r);
	referrers_due_recall(r);
	snapshot_suffix_print(options->suffix, r->outcome.started, r->referrers.date);
	denied_mark(r, &r->marks);
	denied_look(r);
	if (r->fetch)
		fetch_refuse(r->fetch, denied_refuses, r);
	return 0;
}

int run_sync(struct run *r, const struct run_options *options, struct list_source *source,
	     struct err *err)
{
	if (open_all(r, options, source, err) < 0 || work_all(r, err) < 0)
		return -1;
	promise_finish(r);
	referrers_finish(r);
	referrers_due_tell(r);
	mark_stale(r);
	min_age_look_back(r);
	min_age_settle(r);
	denied_settle(r);
	if (options->dry_run && !options->check)
		unlist_find(r, &r->index, NULL, NULL);
	plan_reserve_listed(r);
	if (!options->dry_run && !options->observe) {
		save_private_blobs(r);
		if (merge_publish(r, err) < 0)
			return -1;
	}
	if (!r->outcome.published && r->space.full.kind != ERR_NONE) {
		*err = r->space.full;
		return -1;
	}
	denied_rename(r);
	min_age_record(r);
	waiting_tags_note_vanished(r);
	if (!options->dry_run)
		save_state(r);
	return 0;
}

bool run_is_mirror_unseen(const struct run *r)
{
	return r->options->check && r->layout.root < 0 && !r->options->against;
}

void run_release(struct run *r)
{
	work_free(r->work);
	table_clear(&r->reserved, free);
	sync_state_release(&r->checked);
	referrer_memory_release(&r->referrers);
	allowance_release(&r->allowance);
	outcome_release(&r->outcome);
	fetch_free(r->fetch);
	private_blobs_release(&r->private_blobs);
	registry_free(r->registry);
	index_release(&r->index);
	marks_release(&r->marks);
	scratch_remove(&r->scratch);
	layout_close(&r->layout);
	cleanup_fd_(&r->lock);
	*r = (struct run)RUN_INIT;
}
