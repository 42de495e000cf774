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

/* How long a client may take: between two requests; for a whole head; to accept any byte of a reply
 * (the whole reply has no limit); to close the connection after the last reply. */
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
	c->pinned = NULL;
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
	state_unref(c->pinned);
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

/* Decides how the connection goes on after a request. A short body is skipped. After a body that is
 * long, of unknown length, or delayed until a 100 arrives, the connection is closed. */
static void plan_after(struct conn *c, const struct http_request *r, const struct server *s)
{
	c->lingers = r->chunked || r->body > (int64_t)LIMIT_REQUEST_BODY ||
		     (r->expects_continue && r->body);
	c->last = c->lingers || !r->keep_alive ||
		  atomic_load_explicit(&s->stopping, memory_order_relaxed);
	c->skip = c->lingers ? 0 : r->body;
}

static void log_reply(struct conn *c, const struct conn_turn *turn, const struct exchange *x)
{
	c->line.status = x->status;
	c->line.bytes = x->length;
	c->logs = c->out.file >= 0;
	if (!c->logs)
		access_log_add(turn->log, c->peer, &c->line);
}

/* Queues the reply to the next request, if it is here. */
static bool answer_next(struct conn *c, const struct conn_turn *turn)
{
	struct http_request r;
	struct exchange x;
	int n;

	if (!skip_body(c) || c->at == c->n)
		return false;
	n = http_request_parse(&r, span_of(c->in + c->at, c->n - c->at), &c->seen);
	if (n == 0)
		return false;
	x.server = turn->server;
	x.state = turn->state;
	x.out = &c->out;
	x.common = turn->common;
	if (n < 0) {
		c->last = c->lingers = true;
		c->line.request = c->line.agent = span_of("", 0);
		answer_unreadable(&x, -n);
	} else {
		plan_after(c, &r, turn->server);
		c->at += (size_t)n;
		c->seen = 0;
		c->line.request = r.line;
		c->line.agent = r.user_agent;
		x.request = &r;
		x.last = c->last;
		answer(&x);
	}
	log_reply(c, turn, &x);
	return true;
}

/* Everything queued is sent, or cannot be sent any more: logs it and lets the state go. */
static void release_sent(struct conn *c, const struct conn_turn *turn)
{
	if (c->logs) {
		c->line.bytes -= c->out.left;
		access_log_add(turn->log, c->peer, &c->line);
		c->logs = false;
	}
	state_unref(c->pinned);
	c->pinned = NULL;
}

static enum conn_next finish_replies(struct conn *c, const struct conn_turn *turn)
{
	if (!c->lingers || shutdown(c->fd, SHUT_WR) < 0)
		return CONN_CLOSE;
	c->state = CONN_CLOSING;
	c->deadline = turn->now + LINGER;
	return CONN_READ;
}

static enum conn_next wait_to_send(struct conn *c, const struct conn_turn *turn)
{
	/* the state may be replaced before the client takes the rest */
	if (!c->pinned)
		c->pinned = state_ref(turn->state);
	c->state = CONN_SENDING;
	c->deadline = turn->now + STALLED;
	return CONN_WRITE;
}

/* Nothing more can be answered until the client sends more. */
static enum conn_next wait_to_read(struct conn *c, const struct conn_turn *turn, bool answered)
{
	bool begun = c->at < c->n || c->skip;

	if (c->at) {
		memmove(c->in, c->in + c->at, c->n - c->at);
		c->n -= c->at;
		c->at = 0;
	}
	/* the time for a head runs from its first byte, however many more trickle in */
	if (begun && (c->state != CONN_READING || answered))
		c->deadline = turn->now + WHOLE_HEAD;
	else if (!begun)
		c->deadline = turn->now + KEEP_ALIVE;
	c->state = begun ? CONN_READING : CONN_IDLE;
	return CONN_READ;
}

/* Answers the requests that have arrived and sends the replies, in turns, until one of the two has
 * to wait. */
static enum conn_next answer_and_send(struct conn *c, const struct conn_turn *turn)
{
	for (bool answered = false;; answered = true) {
		while (!c->last && out_ready(&c->out) && answer_next(c, turn))
			continue;
		if (out_empty(&c->out))
			return wait_to_read(c, turn, answered);
		switch (out_flush(&c->out, c->fd)) {
		case OUT_BLOCKED: return wait_to_send(c, turn);
		case OUT_BROKEN: release_sent(c, turn); return CONN_CLOSE;
		case OUT_DONE: release_sent(c, turn); break;
		}
		if (c->last)
			return finish_replies(c, turn);
	}
}

enum conn_next conn_readable(struct conn *c, const struct conn_turn *turn)
{
	size_t at = c->state == CONN_CLOSING ? 0 : c->n;
	ssize_t n = recv(c->fd, c->in + at, sizeof(c->in) - at, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? CONN_READ : CONN_CLOSE;
	if (n == 0)
		return CONN_CLOSE;
	if (c->state == CONN_CLOSING)
		return CONN_READ;
	c->n += (size_t)n;
	turn->look(turn->worker);
	return answer_and_send(c, turn);
}

enum conn_next conn_writable(struct conn *c, const struct conn_turn *turn)
{
	return answer_and_send(c, turn);
}
