#include "serve/reload.h"

#include <libgen.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "oci/err.h"
#include "oci/log.h"
#include "oci/own.h"
#include "serve/state.h"

/*
 * The directory is watched by the path it has: for index.json being renamed to, or closed after
 * writing. Its parent is watched too, since the mirror may be a symbolic link that is switched to the
 * next release. Watches are set again before each look, so a switched link is followed; a watch that
 * exists already stays as it is.
 */
static void watch(struct reload *r)
{
	own_free char *path = xstrdup(r->from.mirror);

	if (r->notify < 0)
		return;
	inotify_add_watch(r->notify, r->from.mirror, IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR);
	inotify_add_watch(r->notify, dirname(path), IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
}

/* What happened does not matter: index.json is looked at. */
static void drain(const struct reload *r)
{
	char events[4096];

	while (r->notify >= 0 && read(r->notify, events, sizeof(events)) > 0)
		continue;
}

int reload_init(struct reload *r, const struct load_from *from, struct err *err)
{
	struct state *first;

	r->from = *from;
	r->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	watch(r);
	load_changed(&r->from, &r->seen);
	first = load_state(&r->from, NULL, err);
	atomic_store(&r->state, first);
	return first ? 0 : -1;
}

void reload_release(struct reload *r)
{
	state_unref(atomic_load(&r->state));
	if (r->notify >= 0)
		close(r->notify);
	pthread_mutex_destroy(&r->lock);
}

bool reload_check(struct reload *r, bool in_any_case)
{
	struct state *old = atomic_load(&r->state), *next;
	struct err err = ERR_INIT;

	drain(r);
	watch(r);
	if (!load_changed(&r->from, &r->seen) && !in_any_case)
		return false;
	next = load_state(&r->from, old, &err);
	if (!next) {
		log_warn("%s; generation %s is served on", err.msg, old->generation);
		return false;
	}
	pthread_mutex_lock(&r->lock);
	atomic_store(&r->state, next);
	pthread_mutex_unlock(&r->lock);
	log_line("generation %s: repositories: %zu", next->generation, next->n);
	state_unref(old);
	return true;
}

struct state *reload_latest(struct reload *r, struct state *have)
{
	struct state *latest;

	if (atomic_load_explicit(&r->state, memory_order_acquire) == have)
		return have;
	/* the lock keeps the state from being freed between looking at it and counting us */
	pthread_mutex_lock(&r->lock);
	latest = state_ref(atomic_load(&r->state));
	pthread_mutex_unlock(&r->lock);
	state_unref(have);
	return latest;
}
