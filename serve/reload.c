#include "serve/reload.h"

#include <libgen.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/cli/message.h"
#include "serve/entry_files.h"
#include "serve/sandbox.h"
#include "serve/state.h"

/* Watches the directory that the path leads to now; the watch on an earlier one is removed. */
static void watch_one(const struct reload *r, int *watch, const char *path, uint32_t events)
{
	int now = inotify_add_watch(r->notify, path, events | IN_ONLYDIR);

	if (*watch >= 0 && now != *watch)
		inotify_rm_watch(r->notify, *watch);
	*watch = now;
}

/*
 * The directory is watched for an index.json that is renamed into it, or closed after writing. Its
 * parent is watched too, since the mirror may be a symbolic link that is switched to another
 * directory; then the first watch has to follow it.
 */
static void watch_mirror(struct reload *r)
{
	cleanup_free char *path = xstrdup(r->from.mirror);

	if (r->notify < 0)
		return;
	watch_one(r, &r->watches[0], r->from.mirror, IN_MOVED_TO | IN_CLOSE_WRITE);
	watch_one(r, &r->watches[1], dirname(path), IN_MOVED_TO | IN_CREATE);
}

/* Reads the events that have arrived. True when index.json may have been rewritten in place: it may
 * keep its size then, and for a moment its time. One that was renamed is another file. */
static bool take_events(const struct reload *r)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *e;
	bool any = false;
	ssize_t n;

	while (r->notify >= 0 && (n = read(r->notify, events, sizeof(events))) > 0)
		for (const char *at = events; at < events + n; at += sizeof(*e) + e->len) {
			e = (const struct inotify_event *)(const void *)at;
			if (e->mask & IN_Q_OVERFLOW)
				any = true;
			else if (e->len && (e->mask & IN_CLOSE_WRITE))
				any |= strcmp(e->name, "index.json") == 0;
		}
	return any;
}

/* Says why an index of ours was not taken from its table: once, until the reason changes. */
static void tell_whole(const struct reload *r, const struct state *s, const struct state *before)
{
	if (s->whole[0] && !(before && strcmp(before->whole, s->whole) == 0))
		message_line("%s: index.json was read as a whole, which takes longer: %s",
			     r->from.mirror, s->whole);
}

int reload_init(struct reload *r, const struct state_source *from, struct err *err)
{
	struct state *first;

	r->from = *from;
	r->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	watch_mirror(r);
	first = state_load(&r->from, NULL, false, err);
	if (!first)
		return -1;
	r->seen = first->file;
	tell_whole(r, first, NULL);
	atomic_store(&r->state, first);
	return 0;
}

void reload_release(struct reload *r)
{
	state_unref(atomic_load(&r->state));
	if (r->notify >= 0)
		close(r->notify);
	pthread_mutex_destroy(&r->lock);
}

/* A failure other than INVALID may end without a new index.json, so the next check tries again. */
static void keep_old(struct reload *r, const struct state *old, const struct err *err)
{
	if (strcmp(err->msg, r->failed.msg) != 0)
		message_warn("%s%s; generation %s is served on", err->msg, sandbox_words(err->sys),
			     old->generation);
	r->failed = *err;
	atomic_fetch_add(&r->failures, 1);
	if (err->kind != ERR_INVALID)
		r->seen = (struct stat){ .st_size = -1 };
}

/* Under the lock. */
static void load_again(struct reload *r, bool whole)
{
	struct state *old = atomic_load(&r->state), *next;
	struct err err = ERR_INIT;

	next = state_load(&r->from, old, whole, &err);
	if (!next) {
		keep_old(r, old, &err);
		return;
	}
	r->failed = (struct err)ERR_INIT;
	atomic_store(&r->state, next);
	r->loads++;
	r->seen = next->file;
	tell_whole(r, next, old);
	message_line("generation %s: repositories: %zu", next->generation, next->npublic);
	state_unref(old);
}

/* Under the lock: loads the state when index.json is another file than at the last load. */
static void load_if_changed(struct reload *r, bool in_any_case)
{
	struct stat now;
	bool there = state_load_look(&r->from, &now);

	if (in_any_case || (there && !state_load_same(&now, &r->seen))) {
		if (there)
			r->seen = now;
		/* what was missing when the table was made may be here by now */
		load_again(r, in_any_case && atomic_load(&r->state)->table.head->broken);
	}
	atomic_store(&r->bad, !there || r->failed.msg[0]);
}

void reload_look(struct reload *r, const struct state *have)
{
	struct stat now;

	if (!state_load_look(&r->from, &now) || state_load_same(&now, &have->file))
		return;
	pthread_mutex_lock(&r->lock);
	load_if_changed(r, false);
	pthread_mutex_unlock(&r->lock);
}

/* Compares a table that was taken with its index.json; when they differ, the state is read as a
 * whole. files: also looks for the files of its manifests. */
static void check_table(struct reload *r, bool files)
{
	struct state *s = reload_latest(r, NULL);
	struct err err = ERR_INIT;
	enum state_checked checked = state_check(s, &r->from, &err);

	if (checked == STATE_RIGHT && files && s->table_name[0]) {
		struct entry_files f;

		entry_files_look(&f, s);
		entry_files_warn(&f, r->from.mirror);
	}
	if (checked == STATE_WRONG) {
		message_warn(
			"%s: the table of generation %s does not fit index.json, which is read "
			"as a whole",
			r->from.mirror, s->generation);
		pthread_mutex_lock(&r->lock);
		if (atomic_load(&r->state) == s)
			load_again(r, true);
		pthread_mutex_unlock(&r->lock);
	}
	state_unref(s);
}

bool reload_check(struct reload *r, bool in_any_case)
{
	bool rewritten = take_events(r), loaded;

	watch_mirror(r);
	pthread_mutex_lock(&r->lock);
	load_if_changed(r, rewritten || in_any_case);
	pthread_mutex_unlock(&r->lock);
	check_table(r, in_any_case || !r->looked);
	r->looked = true;
	pthread_mutex_lock(&r->lock);
	loaded = r->loads != r->checked;
	r->checked = r->loads;
	pthread_mutex_unlock(&r->lock);
	return loaded;
}

struct state *reload_latest(struct reload *r, struct state *have)
{
	struct state *latest;

	if (atomic_load_explicit(&r->state, memory_order_acquire) == have)
		return have;
	/* the lock keeps the state from being freed before its reference is counted */
	pthread_mutex_lock(&r->lock);
	latest = state_ref(atomic_load(&r->state));
	pthread_mutex_unlock(&r->lock);
	state_unref(have);
	return latest;
}
