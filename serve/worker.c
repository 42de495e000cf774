#include "serve/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/cli/message.h"
#include "serve/access.h"
#include "serve/address_counts.h"
#include "serve/refused_log.h"
#include "serve/reload.h"
#include "serve/server.h"
#include "serve/state.h"

#define EVENTS       128
#define EXPIRY_CHECK CLOCK_SEC
#define ROOM         64 /* idle connections that are closed at once, of a sixteenth of all */
#define ACCEPTS      4  /* connections taken in one turn: the rest is for other workers */

static bool is_stopping(const struct worker *w)
{
	return atomic_load_explicit(&w->server->stopping, memory_order_relaxed);
}

void worker_wake(const struct worker *w)
{
	const uint64_t one = 1;
	ssize_t ignored = write(w->wake, &one, sizeof(one));

	(void)ignored; /* the counter is full of wake-ups already */
}

/* Accepts from all listeners, or from none. */
static void watch_listeners(struct worker *w, bool on)
{
	struct listen_set *set = &w->server->listeners;

	if (on == w->accepting)
		return;
	w->accepting = on;
	for (size_t i = 0; i < set->n; i++) {
		struct epoll_event e = { .events = EPOLLIN | EPOLLEXCLUSIVE,
					 .data.ptr = &set->v[i] };

		if (epoll_ctl(w->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, set->v[i].fd, &e) < 0 &&
		    on) {
			/* no room for it: tried again at the next look at the deadlines */
			while (i--)
				epoll_ctl(w->epoll, EPOLL_CTL_DEL, set->v[i].fd, &e);
			w->accepting = false;
			return;
		}
	}
}

/* What epoll has reported of a connection that is closed is not looked at any more. */
static void forget_events(const struct worker *w, const struct conn *c)
{
	for (int i = 0; i < w->nevents; i++)
		if (w->events[i].data.ptr == c)
			w->events[i].data.ptr = NULL;
}

/* Tells the count of the connection's address whether it is idle. */
static void count_idle(struct conn *c, bool idle)
{
	if (!c->count || c->refused || c->counted_idle == idle)
		return;
	c->counted_idle = idle;
	address_count_idle(c->count, idle ? 1 : -1);
}

static void free_conn(struct worker *w, struct conn *c)
{
	count_idle(c, false);
	address_counts_leave(w->server->addresses, c->count, c->refused);
	conn_free(c, &w->turn);
	listen_release(&w->server->listeners);
}

static void drop_conn(struct worker *w, struct conn *c)
{
	forget_events(w, c);
	if (c->previous)
		c->previous->next = c->next;
	else
		w->conns = c->next;
	if (c->next)
		c->next->previous = c->previous;
	else
		w->oldest = c->previous;
	w->nwaiting -= c->waiting;
	free_conn(w, c);
	if (!w->accepting && !is_stopping(w))
		watch_listeners(w, true);
}

static void put_first(struct worker *w, struct conn *c)
{
	c->previous = NULL;
	c->next = w->conns;
	if (c->next)
		c->next->previous = c;
	else
		w->oldest = c;
	w->conns = c;
}

/* The order of the list is the order in which connections became idle. */
static void move_first(struct worker *w, struct conn *c)
{
	if (!c->previous)
		return;
	c->previous->next = c->next;
	if (c->next)
		c->next->previous = c->previous;
	else
		w->oldest = c->previous;
	put_first(w, c);
}

/* Whether a connection waits for a request, of which no byte has arrived. */
static bool is_idle(const struct conn *c)
{
	int unread = 0;

	return c->state == CONN_IDLE && (ioctl(c->fd, FIONREAD, &unread) < 0 || unread == 0);
}

/* Closes the oldest idle connections of this worker, several at once so that the next that come
 * find room. */
static void make_room(struct worker *w)
{
	unsigned n = 0, sixteenth = (unsigned)w->server->listeners.max / 16 + 1;
	unsigned most = sixteenth < ROOM ? sixteenth : ROOM;
	char peer[ACCESS_LOG_PEER] = "";
	struct conn *next;

	for (struct conn *c = w->oldest; c && n < most; c = next) {
		next = c->previous;
		if (!is_idle(c))
			continue;
		memcpy(peer, c->peer, sizeof(peer));
		drop_conn(w, c);
		n++;
	}
	metrics_refused(&w->metrics, REFUSED_ROOM, n);
	refused_log_add(REFUSED_ROOM, n, peer, w->turn.now);
}

static void tell_refused(struct worker *w, enum refused why, const char *peer)
{
	metrics_refused(&w->metrics, why, 1);
	refused_log_add(why, 1, peer, w->turn.now);
}

/* Closes the oldest idle connections of an address, or of all, that have more than their limit. */
static void make_way(struct worker *w, const struct address_count *of)
{
	struct conn *next;

	for (struct conn *c = w->oldest; c && (!of || address_count_is_over(of)); c = next) {
		next = c->previous;
		if (!c->count || c->refused || (of && c->count != of) ||
		    !address_count_is_over(c->count) || !is_idle(c))
			continue;
		tell_refused(w, REFUSED_ADDRESS_ROOM, c->peer);
		drop_conn(w, c);
	}
}

/* Finds the new connection a place among those of its address; false when it is to be closed. */
static bool take_place(struct worker *w, struct conn *c)
{
	enum address_place place = ADDRESS_PLACE;

	/* a proxy stands for many clients */
	if (w->server->addresses && !c->proxied)
		place = address_counts_enter(w->server->addresses, c->peer, &c->count);
	switch (place) {
	case ADDRESS_PLACE: break;
	case ADDRESS_IDLE: make_way(w, c->count); break;
	case ADDRESS_REFUSED: c->refused = true; break;
	case ADDRESS_CLOSED: tell_refused(w, REFUSED_ADDRESS, c->peer); return false;
	}
	count_idle(c, true);
	return true;
}

/* Registers the event that the connection waits for, if it has changed. */
static void watch_conn(struct worker *w, struct conn *c, enum conn_next next)
{
	bool writing = next == CONN_WRITE, waiting = next == CONN_WAIT;
	struct epoll_event e = { .events = writing   ? EPOLLOUT
					   : waiting ? 0
						     : EPOLLIN,
				 .data.ptr = c };

	if (next != CONN_CLOSE && (writing != c->writing || waiting != c->waiting)) {
		w->nwaiting += waiting - c->waiting;
		c->writing = writing;
		c->waiting = waiting;
		if (epoll_ctl(w->epoll, EPOLL_CTL_MOD, c->fd, &e) < 0)
			next = CONN_CLOSE;
	}
	if (next == CONN_CLOSE) {
		drop_conn(w, c);
		return;
	}
	count_idle(c, c->state == CONN_IDLE);
	if (c->state == CONN_IDLE)
		move_first(w, c);
}

/* Out of descriptors, or of memory in the kernel: accepting goes on when a connection is closed. Of
 * descriptors accept() says so even when no connection waits, and then none has to make room. */
static void wait_for_room(struct worker *w, const struct listener *l)
{
	struct pollfd waits = { .fd = l->fd, .events = POLLIN };

	if (poll(&waits, 1, 0) <= 0)
		return;
	watch_listeners(w, false);
	make_room(w);
}

/* Accepts one connection; false when none waits, or no more are accepted now. */
static bool accept_one(struct worker *w, const struct listener *l)
{
	struct epoll_event e = { .events = EPOLLIN };
	char peer[ACCESS_LOG_PEER];
	int fd = listen_accept(&w->server->listeners, l, peer);
	struct conn *c;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			wait_for_room(w, l);
			return false;
		}
		return errno == ECONNABORTED || errno == EINTR;
	}
	c = conn_new(fd, l->secure);
	if (!c) {
		close(fd);
		listen_release(&w->server->listeners);
		tell_refused(w, REFUSED_MEMORY, peer);
		make_room(w);
		return false;
	}
	memcpy(c->peer, peer, sizeof(peer));
	c->proxied = trusted_proxy_has(&w->server->proxies, peer);
	e.data.ptr = c;
	c->deadline = w->turn.now + w->server->limits.header;
	if (listen_is_nearly_full(&w->server->listeners))
		make_room(w);
	if (!take_place(w, c)) {
		free_conn(w, c);
		return w->accepting;
	}
	put_first(w, c);
	if (listen_is_full(&w->server->listeners))
		watch_listeners(w, false);
	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		drop_conn(w, c);
	return w->accepting;
}

/* Takes a newer state, if there is one, and updates the lines that all heads have. */
static void refresh_state(struct worker *w)
{
	struct state *latest = reload_latest(w->server->reload, w->state);
	time_t second = clock_wall();

	w->access = access_latest(w->server->access, w->access);
	w->turn.access = w->access;
	if (latest == w->state && second == w->common_at)
		return;
	w->state = latest;
	w->common_at = second;
	w->turn.state = latest;
	w->turn.common = span_of(w->common, reply_common(w->common, latest));
}

/* A request was read: it is answered from what is published now. */
static void look_at_index(struct worker *w)
{
	reload_look(w->server->reload, w->state);
	refresh_state(w);
}

/* An idle connection that is closed, or one that lingers, is what HTTP expects. */
static void tell_expired(struct worker *w, const struct conn *c, bool drained)
{
	enum refused why = REFUSED_HEAD;

	switch (c->state) {
	case CONN_HANDSHAKE:
	case CONN_CHECKING:
	case CONN_READING: break;
	case CONN_SENDING: why = REFUSED_STALLED; break;
	case CONN_IDLE:
	case CONN_CLOSING: return;
	}
	if (drained)
		why = REFUSED_DRAIN;
	tell_refused(w, why, c->peer);
}

/* Closes connections that have waited for too long, and all when the time to drain has passed.
 * While no connection can be accepted, idle ones make room. */
static void close_expired(struct worker *w)
{
	struct conn *next;
	bool drained;

	w->next_expiry = w->turn.now + EXPIRY_CHECK;
	drained = is_stopping(w) && atomic_load(&w->server->drained) <= w->turn.now;
	for (struct conn *c = w->conns; c; c = next) {
		next = c->next;
		if (c->deadline > w->turn.now && !drained)
			continue;
		tell_expired(w, c, drained);
		drop_conn(w, c);
	}
	if (is_stopping(w))
		return;
	if (!w->accepting)
		make_room(w);
	make_way(w, NULL);
	watch_listeners(w, true);
}

/* Stops accepting. Connections that wait in a listener's queue, or have sent a request, are still
 * answered; idle ones are closed. The queue of an inherited listener is left to our successor. */
static void wind_down(struct worker *w)
{
	const struct listen_set *set = &w->server->listeners;
	struct conn *next;

	for (size_t i = 0; i < set->n; i++)
		while (!set->v[i].inherited && w->accepting && accept_one(w, &set->v[i]))
			continue;
	watch_listeners(w, false);
	for (size_t i = 0; i < set->n; i++)
		listen_stop(&set->v[i]);
	for (struct conn *c = w->conns; c; c = next) {
		next = c->next;
		if (c->state != CONN_IDLE)
			continue;
		watch_conn(w, c, conn_readable(c, &w->turn));
	}
	for (struct conn *c = w->conns; c; c = next) {
		next = c->next;
		if (c->state == CONN_IDLE)
			drop_conn(w, c);
	}
}

/* Connections whose password may be known now. */
static void resume_waiting(struct worker *w)
{
	struct conn *next;

	for (struct conn *c = w->nwaiting ? w->conns : NULL; c; c = next) {
		next = c->next;
		if (c->waiting)
			watch_conn(w, c, conn_checked(c, &w->turn));
	}
}

static void handle_event(struct worker *w, const struct epoll_event *e)
{
	struct conn *c = e->data.ptr;
	uint64_t ignored;

	if (!e->data.ptr)
		return;
	if (e->data.ptr == w) {
		(void)!read(w->wake, &ignored, sizeof(ignored));
		resume_waiting(w);
	} else if (listen_has(&w->server->listeners, e->data.ptr)) {
		for (int i = 0; i < ACCEPTS && accept_one(w, e->data.ptr); i++)
			continue;
	} else if (c->waiting) {
		drop_conn(w, c); /* the client is gone: nothing else is reported */
	} else if (c->writing) {
		watch_conn(w, c, conn_writable(c, &w->turn));
	} else {
		watch_conn(w, c, conn_readable(c, &w->turn));
	}
}

static void *run_worker(void *arg)
{
	struct worker *w = arg;
	struct epoll_event events[EVENTS];
	bool stopping = false;

	w->events = events;
	while (!stopping || w->conns) {
		w->nevents =
			epoll_wait(w->epoll, events, EVENTS,
				   w->conns || !w->accepting ? (int)(EXPIRY_CHECK / CLOCK_MS) : -1);
		w->turn.now = clock_now();
		refresh_state(w);
		for (int i = 0; i < w->nevents; i++)
			handle_event(w, &events[i]);
		w->nevents = 0;
		if (!stopping && is_stopping(w)) {
			stopping = true;
			wind_down(w);
		}
		if (w->turn.now >= w->next_expiry)
			close_expired(w);
		access_log_flush(&w->log);
	}
	w->events = NULL;
	worker_wake(&(struct worker){ .wake = w->done }); /* to -1 nothing is written */
	return NULL;
}

static void release_worker(struct worker *w)
{
	if (w->epoll >= 0)
		close(w->epoll);
	if (w->wake >= 0)
		close(w->wake);
	access_log_release(&w->log);
	state_unref(w->state);
	access_unref(w->access);
}

static int start_thread(struct worker *w, struct err *err)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = w };
	int error;

	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->wake = w->epoll < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->wake, &e) < 0)
		return err_sys(err, "cannot start a worker on", "epoll");
	w->turn.wake = w->wake;
	watch_listeners(w, true);
	error = pthread_create(&w->thread, NULL, run_worker, w);
	if (error)
		return err_set(err, ERR_IO, error, "cannot start a thread: %s", strerror(error));
	return 0;
}

int worker_start(struct worker *w, struct server *s, int done, struct err *err)
{
	*w = (struct worker){ .server = s, .done = done, .epoll = -1, .wake = -1 };
	access_log_init(&w->log, s->access_log, s->log_format);
	w->turn = (struct conn_turn){ .server = s,
				      .look = look_at_index,
				      .worker = w,
				      .log = &w->log,
				      .metrics = &w->metrics,
				      .now = clock_now() };
	refresh_state(w);
	if (start_thread(w, err) == 0)
		return 0;
	release_worker(w);
	return -1;
}

void worker_join(struct worker *w)
{
	pthread_join(w->thread, NULL);
	release_worker(w);
}
