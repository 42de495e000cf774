#include "serve/worker_pool.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/cli/message.h"
#include "serve/sandbox.h"
#include "serve/admin.h"
#include "serve/access.h"
#include "serve/misses.h"
#include "serve/reload.h"
#include "serve/server.h"
#include "serve/systemd.h"
#include "serve/worker.h"

/* How often index.json is checked without a notification, in milliseconds. */
#define CHECK_MS 2000

struct worker_pool {
	struct server *server;
	struct worker *workers;
	int n;                 /* of them, started */
	int running;           /* of them, not yet ended */
	int signals;           /* a signalfd */
	int done;              /* an eventfd: workers that have ended */
	struct worker *teller; /* the worker of --admin, or NULL */
};

/* Signals are read from a descriptor, so that they interrupt no system call. */
static int open_signals(struct err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(err, "cannot wait for", "signals") : fd;
}

static void wake_all(const struct worker_pool *p)
{
	for (int i = 0; i < p->n; i++)
		worker_wake(&p->workers[i]);
}

static void stop_workers(struct worker_pool *p)
{
	/* a second signal ends the program at once */
	atomic_store(&p->server->drained, clock_now() + p->server->limits.drain);
	if (atomic_exchange(&p->server->stopping, true))
		_exit(0);
	systemd_notify(p->server->notify, SYSTEMD_STOPPING);
	wake_all(p);
}

static void check_files(struct worker_pool *p, bool in_any_case)
{
	bool changed;

	if (atomic_load(&p->server->stopping))
		return;
	changed = reload_check(p->server->reload, in_any_case);
	if (access_check(p->server->access, in_any_case) || changed)
		wake_all(p);
}

/* A log that was moved away is begun anew; without a new one, the old one is written on. */
static void reopen_log(const struct server *s)
{
	struct err err = ERR_INIT;

	if (s->access_log >= 0 && access_log_reopen(s->access_log, s->access_log_path, &err) < 0)
		message_warn("%s%s; lines go on to the file that was open", err.msg,
			     sandbox_words(err.sys));
}

static void reload_all(struct worker_pool *p)
{
	systemd_notify(p->server->notify, SYSTEMD_RELOADING);
	reopen_log(p->server);
	check_files(p, true);
	tls_files_check(&p->server->tls, true);
	misses_turn(p->server->misses, true);
	systemd_notify(p->server->notify, SYSTEMD_READY);
}

static void read_signals(struct worker_pool *p)
{
	struct signalfd_siginfo info;

	while (read(p->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload_all(p);
		else
			stop_workers(p);
	}
}

static void count_done(struct worker_pool *p)
{
	uint64_t n;

	if (read(p->done, &n, sizeof(n)) == sizeof(n))
		p->running -= (int)n;
}

static void watch_workers(struct worker_pool *p)
{
	struct pollfd v[] = {
		{ .fd = p->signals, .events = POLLIN },
		{ .fd = p->done, .events = POLLIN },
		{ .fd = p->server->reload->notify, .events = POLLIN },
	};

	check_files(p, false); /* behind the first answers: see state_check() */
	while (p->running > 0) {
		poll(v, sizeof(v) / sizeof(v[0]), CHECK_MS);
		if (v[0].revents)
			read_signals(p);
		if (v[1].revents)
			count_done(p);
		check_files(p, false);
		tls_files_check(&p->server->tls, false);
		misses_turn(p->server->misses, false);
	}
}

static int start_workers(struct worker_pool *p, int threads, struct err *err)
{
	while (p->n < threads) {
		if (worker_start(&p->workers[p->n], p->server, p->done, err) < 0)
			return -1;
		p->n++;
		p->running++;
	}
	return 0;
}

/* The worker of --admin starts last, when there is something to tell, and ends last. */
static int start_teller(struct worker_pool *p, struct server *s, struct err *err)
{
	if (!s)
		return 0;
	s->admin->workers = p->workers;
	s->admin->n = (size_t)p->n;
	p->teller = xcalloc(1, sizeof(*p->teller));
	if (worker_start(p->teller, s, -1, err) == 0)
		return 0;
	free(p->teller);
	p->teller = NULL;
	return -1;
}

static void stop_teller(struct worker_pool *p)
{
	if (!p->teller)
		return;
	atomic_store(&p->teller->server->stopping, true);
	worker_wake(p->teller);
	worker_join(p->teller);
	free(p->teller);
}

/* A line for each listener; in one write, so that a reader of the first has them all. */
static void tell_ready(const struct server *s, const struct server *admin)
{
	for (size_t i = 0; i < s->listeners.n; i++)
		printf("listening on %s\n", s->listeners.v[i].url);
	if (admin)
		printf("admin on %s\n", admin->listeners.v[0].url);
	(void)message_flush_output(); /* a place in the log that is full stops no service */
	systemd_notify(s->notify, SYSTEMD_READY);
}

int worker_pool_run(struct server *s, int threads, struct server *admin, struct err *err)
{
	cleanup_free struct worker *workers = xcalloc((size_t)threads, sizeof(*workers));
	cleanup_fd int signals = open_signals(err);
	cleanup_fd int done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct worker_pool p = {
		.server = s, .workers = workers, .signals = signals, .done = done
	};
	int result;

	if (signals < 0)
		return -1;
	if (done < 0)
		return err_sys(err, "cannot wait for", "threads");
	result = start_workers(&p, threads, err);
	if (result == 0)
		result = start_teller(&p, admin, err);
	if (result == 0)
		tell_ready(s, admin);
	else
		stop_workers(&p);
	watch_workers(&p);
	stop_teller(&p);
	for (int i = 0; i < p.n; i++)
		worker_join(&p.workers[i]);
	return result;
}
