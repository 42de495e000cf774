#include "publish/work.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

/* More would only wait for the same disk. */
#define THREADS_MAX 16
#define TICK_NS     100000000L

struct work {
	size_t n, next; /* next is taken with an atomic addition */
	void (*each)(size_t i, void *arg);
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t end;
	unsigned running; /* threads, under the lock */
};

static void do_work(struct work *w)
{
	size_t i;

	while ((i = __atomic_fetch_add(&w->next, 1, __ATOMIC_RELAXED)) < w->n)
		w->each(i, w->arg);
}

static void *work_thread(void *arg)
{
	struct work *w = arg;

	do_work(w);
	pthread_mutex_lock(&w->lock);
	w->running--;
	pthread_cond_signal(&w->end);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static size_t threads_for(size_t n)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;

	return threads < n ? threads : n;
}

/* Signals stay with the calling thread. */
static unsigned start_threads(struct work *w, pthread_t *threads, size_t n)
{
	sigset_t all, before;
	unsigned started = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_mutex_lock(&w->lock);
	while (started < n && pthread_create(&threads[started], NULL, work_thread, w) == 0)
		started++;
	w->running = started;
	pthread_mutex_unlock(&w->lock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

/* True when all threads have ended, false when it is time for a tick. */
static bool wait_for_end(struct work *w)
{
	struct timespec until;
	bool ended;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += TICK_NS;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&w->lock);
	while (w->running && pthread_cond_timedwait(&w->end, &w->lock, &until) == 0)
		;
	ended = w->running == 0;
	pthread_mutex_unlock(&w->lock);
	return ended;
}

void work_run(size_t n, void (*each)(size_t i, void *arg), void (*tick)(void *arg), void *arg)
{
	struct work w = { .n = n, .each = each, .arg = arg };
	pthread_t threads[THREADS_MAX];
	unsigned started;

	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.end, NULL);
	started = start_threads(&w, threads, threads_for(n));
	if (!started)
		do_work(&w);
	while (!wait_for_end(&w))
		if (tick)
			tick(arg);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&w.lock);
	pthread_cond_destroy(&w.end);
}
