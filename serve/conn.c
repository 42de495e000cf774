#include "serve/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "serve/answer.h"
#include "serve/http_request.h"
#include "serve/server.h"
#include "serve/state.h"
#include "serve/worker.h"

/* How long a client may take: between requests, for a whole head, to take anything at all of a reply
 * (never for all of it), and to close after the last one. */
#define KEEP_ALIVE (60 * CLOCK_SEC)
#define WHOLE_HEAD (20 * CLOCK_SEC)
#define STALLED    (60 * CLOCK_SEC)
#define LINGER     (5 * CLOCK_SEC)

struct conn *conn_new(int fd)
{
	/* not zeroed: most of the block is never touched */
	struct conn *c = xmalloc(sizeof(*c));

	c->fd = fd;
	c->state = CONN_IDLE;
	c->previous = c->next = NULL;
	c->deadline = clock_now() + WHOLE_HEAD;
	c->held = NULL;
	c->skip = 0;
	c->writing = c->last = c->lingers = c->logs = false;
	c->at = c->n = c->seen = 0;
	c->peer[0] = '\0';
	out_init(&c->out);
	return c;
}

void conn_free(struct conn *c)
{
	close(c->fd);
	out_release(&c->out);
	state_unref(c->held);
	free(c);
}

/* Throws away what is left of a body; true when nothing is left. */
static bool skip_body(struct conn *c)
{
	size_t here = c->n - c->at;
	size_t n = (uint64_t)c->skip < here ? (size_t)c->skip : here;

	c->at += n;
	c->skip -= (int64_t)n;
	return c->skip == 0;
}

/* How the connection goes on after a request. A body is skipped when it is short; behind one that is
 * long, of unknown length, or held back for a 100, there is no going on. */
static void plan(struct conn *c, const struct http_request *r, const struct server *s)
{
	c->lingers = r->chunked || r->body > (int64_t)LIMIT_REQUEST_BODY ||
		     (r->expects_continue && r->body);
	c->last = c->lingers || !r->keep_alive ||
		  atomic_load_explicit(&s->stopping, memory_order_relaxed);
	c->skip = c->lingers ? 0 : r->body;
}

static void note(struct conn *c, struct worker *w, const struct exchange *x)
{
	c->line.status = x->status;
	c->line.bytes = x->length;
	c->logs = c->out.file >= 0;
	if (!c->logs)
		worker_log(w, c);
}

/* Queues the reply to the next request, if it is here. */
static bool answer_next(struct conn *c, struct worker *w)
{
	struct http_request r;
	struct exchange x;
	int n;

	if (!skip_body(c) || c->at == c->n)
		return false;
	n = http_request_parse(&r, span_of(c->in + c->at, c->n - c->at), &c->seen);
	if (n == 0)
		return false;
	x.server = w->server;
	x.state = w->state;
	x.out = &c->out;
	x.common = span_of(w->common, w->ncommon);
	if (n < 0) {
		c->last = c->lingers = true;
		c->line.request = c->line.agent = span_of("", 0);
		answer_unreadable(&x, -n);
	} else {
		plan(c, &r, w->server);
		c->at += (size_t)n;
		c->seen = 0;
		c->line.request = r.line;
		c->line.agent = r.user_agent;
		x.request = &r;
		x.last = c->last;
		answer(&x);
	}
	note(c, w, &x);
	return true;
}

/* All that was queued is sent, or never will be. */
static void settle(struct conn *c, struct worker *w)
{
	if (c->logs) {
		c->line.bytes -= c->out.left;
		worker_log(w, c);
		c->logs = false;
	}
	state_unref(c->held);
	c->held = NULL;
}

static enum conn_next finish(struct conn *c, struct worker *w)
{
	if (!c->lingers || shutdown(c->fd, SHUT_WR) < 0)
		return CONN_CLOSE;
	c->state = CONN_CLOSING;
	c->deadline = w->now + LINGER;
	return CONN_READ;
}

static enum conn_next wait_to_send(struct conn *c, struct worker *w)
{
	/* the state may be replaced before the client takes the rest */
	if (!c->held)
		c->held = state_ref(w->state);
	c->state = CONN_SENDING;
	c->deadline = w->now + STALLED;
	return CONN_WRITE;
}

/* Nothing more can be answered now: what comes next comes from the client. */
static enum conn_next wait_to_read(struct conn *c, struct worker *w, bool answered)
{
	bool begun = c->at < c->n || c->skip;

	if (c->at) {
		memmove(c->in, c->in + c->at, c->n - c->at);
		c->n -= c->at;
		c->at = 0;
	}
	/* the time for a head runs from its first byte, however many more trickle in */
	if (begun && (c->state != CONN_READING || answered))
		c->deadline = w->now + WHOLE_HEAD;
	else if (!begun)
		c->deadline = w->now + KEEP_ALIVE;
	c->state = begun ? CONN_READING : CONN_IDLE;
	return CONN_READ;
}

/* Answers what is here and sends what is queued, in turns, until one of them has to wait. */
static enum conn_next go_on(struct conn *c, struct worker *w)
{
	for (bool answered = false;; answered = true) {
		while (!c->last && out_ready(&c->out) && answer_next(c, w))
			continue;
		if (out_empty(&c->out))
			return wait_to_read(c, w, answered);
		switch (out_flush(&c->out, c->fd)) {
		case OUT_BLOCKED: return wait_to_send(c, w);
		case OUT_BROKEN: settle(c, w); return CONN_CLOSE;
		case OUT_DONE: settle(c, w); break;
		}
		if (c->last)
			return finish(c, w);
	}
}

enum conn_next conn_readable(struct conn *c, struct worker *w)
{
	size_t room = c->state == CONN_CLOSING ? 0 : c->n;
	ssize_t n = recv(c->fd, c->in + room, sizeof(c->in) - room, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? CONN_READ : CONN_CLOSE;
	if (n == 0)
		return CONN_CLOSE;
	if (c->state == CONN_CLOSING)
		return CONN_READ;
	c->n += (size_t)n;
	return go_on(c, w);
}

enum conn_next conn_writable(struct conn *c, struct worker *w)
{
	return go_on(c, w);
}
