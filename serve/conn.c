#include "serve/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "serve/access.h"
#include "serve/answer.h"
#include "serve/damage_log.h"
#include "serve/handshake_log.h"
#include "serve/http_request.h"
#include "serve/metrics.h"
#include "serve/refused_log.h"
#include "serve/request_rates.h"
#include "serve/server.h"
#include "serve/state.h"
#include "serve/trusted_proxy.h"

/* How long a client may take to accept any byte of a reply (the whole reply has no limit); to close
 * the connection after the last reply. The other times are limits.h's. */
#define STALLED (60 * CLOCK_SEC)
#define LINGER  (5 * CLOCK_SEC)
/* How long a password may take; longer only when the queue for hashing them is full. */
#define CHECKING (30 * CLOCK_SEC)
/* The first byte of every connection with TLS: the type of its first record. */
#define TLS_HANDSHAKE 0x16

/* What a connection may take of one turn of its worker's loop before the others have theirs:
 * replies (a listing counts for several, since it may have to be made) and bytes. */
#define TURN_REPLIES 64
#define TURN_LISTING 16
#define TURN_BYTES   (2 * MIB)

struct conn *conn_new(int fd, bool secure)
{
	/* not zeroed: most of the block is never touched */
	struct conn *c = try_malloc(sizeof(*c));

	if (!c)
		return NULL;
	c->fd = fd;
	c->tls = NULL;
	c->secure = secure;
	c->misdirected = false;
	c->state = CONN_IDLE;
	c->previous = c->next = NULL;
	c->deadline = INT64_MAX;
	c->pinned = NULL;
	c->skip = 0;
	c->pending = 0;
	c->writing = c->waiting = c->last = c->lingers = c->logs = false;
	c->at = c->n = c->seen = 0;
	c->peer[0] = c->client[0] = '\0';
	c->proxied = c->counted_idle = c->allowed = c->refused = false;
	c->count = NULL;
	c->line = (struct access_log_line){ .tls = NULL };
	out_init(&c->out);
	return c;
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
	c->last = c->lingers || c->refused || !r->keep_alive ||
		  atomic_load_explicit(&s->stopping, memory_order_relaxed);
	c->skip = c->lingers ? 0 : r->body;
}

static void count_refused(const char *address, const struct conn_turn *turn, enum refused why)
{
	metrics_refused(turn->metrics, why, 1);
	refused_log_add(why, 1, address, turn->now);
}

static void name_client(struct conn *c, const struct server *s, const struct http_request *r)
{
	if (c->proxied)
		trusted_proxy_client(&s->proxies, c->peer, r->forwarded_for, r->nforwarded,
				     c->client);
	else
		memcpy(c->client, c->peer, sizeof(c->client));
}

/* Whether its client may send one more request now. A proxy that names no client stands for many,
 * and "/" is what load balancers ask to see whether this server is alive. */
static bool is_allowed(const struct conn *c, const struct conn_turn *turn,
		       const struct http_request *r)
{
	const struct server *s = turn->server;

	if (!s->rates || span_eq(r->path, "/") ||
	    (c->proxied && trusted_proxy_has(&s->proxies, c->client)))
		return true;
	return request_rates_take(s->rates, c->client, turn->now);
}

/* Why the request is answered 429, in words for the client; or NULL. */
static const char *refuse_request(struct conn *c, const struct conn_turn *turn,
				  const struct http_request *r)
{
	if (c->refused) {
		count_refused(c->peer, turn, REFUSED_ADDRESS);
		return "your address has as many connections as this mirror allows it: close "
		       "some, or try again in a second";
	}
	c->allowed = c->allowed || is_allowed(c, turn, r);
	if (c->allowed)
		return NULL;
	count_refused(c->client, turn, REFUSED_RATE);
	return "your address sends more requests a second than this mirror allows it: try again "
	       "in a second";
}

static void count_reply(struct conn *c, const struct conn_turn *turn, const struct exchange *x)
{
	metrics_request(turn->metrics, x->route.kind, x->status);
	if (route_has_name(x->route.kind))
		metrics_client(turn->metrics, client_kind_of(x->request->user_agent), x->ns.n > 0);
	if (!c->pending++)
		c->asked = turn->now;
}

static void log_reply(struct conn *c, const struct conn_turn *turn, const struct exchange *x)
{
	if (c->out.file >= 0)
		snprintf(c->line.digest, sizeof(c->line.digest), "%s", x->digest ? x->digest : "");
	if (turn->log->fd < 0)
		return;
	c->line.status = x->status;
	c->line.bytes = x->length;
	c->line.asked = turn->now;
	c->line.tls = c->tls ? tls_version(c->tls) : NULL;
	snprintf(c->line.user, sizeof(c->line.user), "%s",
		 x->asker.kind == ASKER_USER ? x->asker.user : "");
	snprintf(c->line.ns, sizeof(c->line.ns), "%.*s", SPAN_ARG(x->ns));
	snprintf(c->line.digest, sizeof(c->line.digest), "%s", x->digest ? x->digest : "");
	c->logs = c->out.file >= 0;
	if (!c->logs)
		access_log_add(turn->log, c->client, &c->line);
}

/* Whether what comes next is a handshake of TLS (RFC 8446, 5.1), and no request. */
static bool is_tls(const struct conn *c)
{
	return c->in[c->at] == TLS_HANDSHAKE;
}

/* Whether all of a request is here: of most, the head is enough. A form that is too long is left to
 * plan_after(), as a body that nothing reads. */
static bool has_body(const struct conn *c, const struct http_request *r, size_t head,
		     struct span *body)
{
	*body = span_of("", 0);
	if (!answer_reads_body(r) || r->chunked || r->expects_continue ||
	    r->body > (int64_t)LIMIT_TOKEN_FORM || (size_t)r->body > sizeof(c->in) - head)
		return true;
	if (c->n - c->at < head + (size_t)r->body)
		return false;
	*body = span_of(c->in + c->at + head, (size_t)r->body);
	return true;
}

/* Answers one request, of n bytes; false when that has to wait: then nothing has happened. */
static bool answer_request(struct conn *c, const struct conn_turn *turn, struct exchange *x,
			   size_t n)
{
	plan_after(c, x->request, turn->server);
	x->last = c->last;
	name_client(c, turn->server, x->request);
	x->refusal = refuse_request(c, turn, x->request);
	if (c->misdirected)
		answer_misdirected(x, true);
	else
		answer(x);
	if (x->pending) {
		c->last = c->lingers = false;
		c->skip = 0;
		c->state = CONN_CHECKING;
		c->deadline = turn->now + CHECKING;
		return false;
	}
	c->line.request = x->request->line;
	c->line.agent = x->request->user_agent;
	c->line.host = x->request->host;
	c->at += n;
	c->seen = 0;
	c->allowed = false;
	return true;
}

/* Queues the reply to the next request, if it is here. */
static bool answer_next(struct conn *c, const struct conn_turn *turn)
{
	struct http_request r;
	struct exchange x;
	int n;

	if (!skip_body(c) || c->at == c->n)
		return false;
	n = is_tls(c) ? -400
		      : http_request_parse(&r, span_of(c->in + c->at, c->n - c->at), &c->seen);
	if (n == 0)
		return false;
	x.server = turn->server;
	x.state = turn->state;
	x.asker.kind = ASKER_UNKNOWN;
	x.out = &c->out;
	x.common = turn->common;
	x.tls = c->tls;
	x.peer = c->client;
	x.access = turn->access;
	x.passwords = turn->server->access->passwords;
	x.wake = turn->wake;
	x.request = &r;
	if (n < 0) {
		c->last = c->lingers = true;
		c->line.request = c->line.agent = c->line.host = span_of("", 0);
		memcpy(c->client, c->peer, sizeof(c->client));
		if (!c->secure && is_tls(c))
			answer_misdirected(&x, false);
		else
			answer_unreadable(&x, -n);
		metrics_refused(turn->metrics, REFUSED_UNREADABLE, 1);
	} else {
		if (!has_body(c, &r, (size_t)n, &x.body) || !answer_request(c, turn, &x, (size_t)n))
			return false;
	}
	count_reply(c, turn, &x);
	log_reply(c, turn, &x);
	return true;
}

/* Everything queued is sent, or cannot be sent any more: logs it and lets the state go. */
static void release_sent(struct conn *c, const struct conn_turn *turn)
{
	if (c->logs) {
		c->line.bytes -= out_unsent(&c->out);
		access_log_add(turn->log, c->client, &c->line);
		c->logs = false;
	}
	if (c->pending)
		metrics_finished(turn->metrics, c->pending, clock_now() - c->asked);
	c->pending = 0;
	state_unref(c->pinned);
	c->pinned = NULL;
}

void conn_free(struct conn *c, const struct conn_turn *turn)
{
	release_sent(c, turn);
	tls_free(c->tls);
	close(c->fd);
	out_release(&c->out);
	free(c);
}

/* Nothing more is sent; what was sent gets the time to arrive. */
static enum conn_next linger(struct conn *c, const struct conn_turn *turn)
{
	if (shutdown(c->fd, SHUT_WR) < 0)
		return CONN_CLOSE;
	c->state = CONN_CLOSING;
	c->deadline = turn->now + LINGER;
	return CONN_READ;
}

static enum conn_next finish_replies(struct conn *c, const struct conn_turn *turn)
{
	if (!c->lingers)
		return CONN_CLOSE;
	if (c->tls)
		tls_end(c->tls);
	return linger(c, turn);
}

static enum conn_next wait_to_send(struct conn *c, const struct conn_turn *turn)
{
	/* the state may be replaced before the client takes the rest */
	if (!c->pinned)
		c->pinned = state_ref(turn->state);
	c->state = CONN_SENDING;
	c->deadline = turn->now + STALLED;
	return c->tls && !tls_waits_to_write(c->tls) ? CONN_READ : CONN_WRITE;
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
		c->deadline = turn->now + turn->server->limits.header;
	else if (!begun)
		c->deadline = turn->now + turn->server->limits.idle;
	c->state = begun ? CONN_READING : CONN_IDLE;
	return CONN_READ;
}

/* Everything queued is sent, and requests are left: the others have their turn first. The socket
 * can be written, so epoll tells about it again at once. */
static enum conn_next yield_turn(struct conn *c, const struct conn_turn *turn)
{
	c->state = CONN_SENDING;
	c->deadline = turn->now + STALLED;
	return CONN_WRITE;
}

/* Queues replies until there is no room; gives what they count. What is queued is lent by one state
 * only, the pinned one: a reply from a newer state waits until the others are sent. */
static unsigned answer_some(struct conn *c, const struct conn_turn *turn)
{
	unsigned n = 0;

	if (c->pinned && c->pinned != turn->state)
		return 0;
	while (!c->last && out_ready(&c->out) && answer_next(c, turn))
		n++;
	return n + (c->out.page ? TURN_LISTING : 0);
}

/* The rest of a reply cannot be read, and its length was promised: the connection ends. */
static void tell_unread(struct conn *c, const struct conn_turn *turn)
{
	damage_log_add("%s cannot be read: %s; find what else is damaged: mirror-publish verify",
		       c->line.digest[0] ? c->line.digest : "a file of this mirror",
		       errno ? strerror(errno) : "the file became shorter");
	count_refused(c->client, turn, REFUSED_FILE);
	release_sent(c, turn);
}

/* Answers the requests that have arrived and sends the replies, in turns, until one of the two has
 * to wait, or the connection has had its share. */
static enum conn_next answer_and_send(struct conn *c, const struct conn_turn *turn)
{
	enum out_result sent;
	uint64_t bytes = 0;
	unsigned replies = 0;

	for (bool answered = false;; answered = true) {
		if (c->state == CONN_CHECKING)
			c->state = CONN_READING;
		if (out_empty(&c->out) && c->at < c->n &&
		    (replies >= TURN_REPLIES || bytes >= TURN_BYTES))
			return yield_turn(c, turn);
		replies += answer_some(c, turn);
		if (out_empty(&c->out) && c->state == CONN_CHECKING)
			return CONN_WAIT;
		if (out_empty(&c->out))
			return wait_to_read(c, turn, answered);
		sent = out_flush(&c->out, c->fd);
		metrics_sent(turn->metrics, c->out.sent);
		bytes += c->out.sent;
		c->out.sent = 0;
		switch (sent) {
		case OUT_BLOCKED: return wait_to_send(c, turn);
		case OUT_BROKEN: release_sent(c, turn); return CONN_CLOSE;
		case OUT_FILE: tell_unread(c, turn); return CONN_CLOSE;
		case OUT_DONE: release_sent(c, turn); break;
		}
		if (c->last)
			return finish_replies(c, turn);
	}
}

/* The socket, or TLS, has nothing now; or the connection is lost. */
static enum conn_next wait_or_close(const struct conn *c)
{
	if (errno != EAGAIN && errno != EINTR)
		return CONN_CLOSE;
	return c->tls && tls_waits_to_write(c->tls) ? CONN_WRITE : CONN_READ;
}

/* Whether more has arrived than was read: TLS reads whole records, and the socket tells nothing of
 * what it keeps. */
static bool has_unread(const struct conn *c)
{
	return c->tls && (c->state == CONN_IDLE || c->state == CONN_READING) &&
	       c->n < sizeof(c->in) && tls_has_bytes(c->tls);
}

static enum conn_next read_requests(struct conn *c, const struct conn_turn *turn)
{
	enum conn_next next;

	do {
		ssize_t n = transport_read(c->fd, c->tls, c->in + c->n, sizeof(c->in) - c->n);

		if (n < 0)
			return wait_or_close(c);
		if (n == 0)
			return CONN_CLOSE;
		c->n += (size_t)n;
		turn->look(turn->worker);
		next = answer_and_send(c, turn);
	} while (next == CONN_READ && has_unread(c));
	return next;
}

static enum conn_next send_on(struct conn *c, const struct conn_turn *turn)
{
	enum conn_next next;

	if (out_empty(&c->out)) /* after yield_turn() */
		turn->look(turn->worker);
	next = answer_and_send(c, turn);
	return next == CONN_READ && has_unread(c) ? read_requests(c, turn) : next;
}

static enum conn_next shake_hands(struct conn *c, const struct conn_turn *turn)
{
	switch (tls_handshake(c->tls)) {
	case TLS_WAIT: return tls_waits_to_write(c->tls) ? CONN_WRITE : CONN_READ;
	case TLS_FAILED:
		handshake_log_add(c->peer, tls_failure(c->tls), turn->now);
		return linger(c, turn); /* the alert has to arrive */
	case TLS_DONE: break;
	}
	c->state = CONN_IDLE;
	c->deadline = turn->now + turn->server->limits.header;
	c->out.tls = c->tls;
	return read_requests(c, turn);
}

/* The first byte on a listener for TLS. */
static enum conn_next begin_tls(struct conn *c, const struct conn_turn *turn)
{
	unsigned char first;
	ssize_t n = recv(c->fd, &first, 1, MSG_PEEK);

	if (n <= 0)
		return n < 0 ? wait_or_close(c) : CONN_CLOSE;
	c->misdirected = first >= 'A' && first <= 'Z'; /* a method of HTTP */
	if (c->misdirected)
		return read_requests(c, turn);
	c->tls = tls_accept(turn->server->tls.tls, c->fd);
	c->state = CONN_HANDSHAKE;
	c->deadline = turn->now + turn->server->limits.header;
	return c->tls ? shake_hands(c, turn) : CONN_CLOSE;
}

/* Throws away what arrives, as it comes from the socket. */
static enum conn_next discard(struct conn *c)
{
	ssize_t n = recv(c->fd, c->in, sizeof(c->in), 0);

	return n < 0 ? wait_or_close(c) : n == 0 ? CONN_CLOSE : CONN_READ;
}

enum conn_next conn_readable(struct conn *c, const struct conn_turn *turn)
{
	switch (c->state) {
	case CONN_IDLE:
		if (c->secure && !c->tls && !c->misdirected)
			return begin_tls(c, turn);
		return read_requests(c, turn);
	case CONN_READING: return read_requests(c, turn);
	case CONN_HANDSHAKE: return shake_hands(c, turn);
	case CONN_CHECKING:
	case CONN_SENDING: return send_on(c, turn);
	case CONN_CLOSING: return discard(c);
	}
	return CONN_CLOSE;
}

enum conn_next conn_writable(struct conn *c, const struct conn_turn *turn)
{
	return conn_readable(c, turn);
}

enum conn_next conn_checked(struct conn *c, const struct conn_turn *turn)
{
	turn->look(turn->worker);
	return send_on(c, turn);
}
