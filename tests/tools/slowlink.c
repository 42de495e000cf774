/*
 * slowlink - a long way to an upstream: relays connections with a delay and a rate, as a link far
 * away has.
 *
 *	slowlink PORT DELAY-MS BYTES-PER-SECOND
 *
 * Prints "listening on 127.0.0.1:N" and relays to 127.0.0.1:PORT. Each direction delays every byte,
 * and all connections together have the rate. A connection's first bytes come a round trip later,
 * as after a handshake. For benchmarks: the kernels that tests run on seldom have netem.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"

#define CONNECTIONS 256
#define PIECE       16384
/* What one direction of a connection has under way at most, as a window of TCP. */
#define WINDOW 524288

struct piece {
	struct piece *next;
	int64_t due;
	size_t n, at; /* n 0: the end */
	char bytes[PIECE];
};

/* One direction of a connection. */
struct way {
	struct piece *first, *last;
	size_t under_way;
	int64_t open_at; /* the handshake is done */
	bool ended;      /* nothing more is read */
	bool blocked;    /* the far end takes nothing now */
};

struct connection {
	int fd[2]; /* way[0] reads fd[0] and writes fd[1] */
	struct way way[2];
};

static struct connection connections[CONNECTIONS];
static size_t n_connections;
static int64_t delay, rate, free_at[2]; /* when the link has sent what it was given */
static unsigned short target;

static void die(const char *what)
{
	fprintf(stderr, "slowlink: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in loopback(unsigned short port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void drop(struct connection *c)
{
	for (int i = 0; i < 2; i++) {
		close(c->fd[i]);
		while (c->way[i].first) {
			struct piece *p = c->way[i].first;

			c->way[i].first = p->next;
			free(p);
		}
	}
	*c = connections[--n_connections];
}

static void accept_one(int listener, int64_t now)
{
	const int one = 1;
	struct sockaddr_in to = loopback(target);
	int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC), server;

	if (client < 0 || n_connections == CONNECTIONS)
		die("accept");
	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server < 0 || connect(server, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	for (int i = 0; i < 2; i++) {
		int fd = i ? server : client;

		fcntl(fd, F_SETFL, O_NONBLOCK);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	connections[n_connections++] = (struct connection){ .fd = { client, server },
							    .way = { { .open_at = now + 2 * delay },
								     { .ended = false } } };
}

/* Takes what is there; false when the connection is broken. */
static bool take_in(struct connection *c, int i, int64_t now)
{
	struct way *w = &c->way[i];
	struct piece *p = xmalloc(sizeof(*p));
	ssize_t n = recv(c->fd[i], p->bytes, sizeof(p->bytes), 0);

	if (n < 0) {
		free(p);
		return errno == EAGAIN;
	}
	if (free_at[i] < now)
		free_at[i] = now;
	free_at[i] += n * CLOCK_SEC / rate;
	p->next = NULL;
	p->n = (size_t)n;
	p->at = 0;
	p->due = free_at[i] + delay;
	if (p->due < w->open_at + delay)
		p->due = w->open_at + delay;
	*(w->first ? &w->last->next : &w->first) = p;
	w->last = p;
	w->under_way += p->n;
	w->ended = n == 0;
	return true;
}

/* Gives what has arrived; false when the connection is over. */
static bool give_out(struct connection *c, int i, int64_t now)
{
	struct way *w = &c->way[i];

	while (w->first && w->first->due <= now) {
		struct piece *p = w->first;
		ssize_t n = p->n ? send(c->fd[!i], p->bytes + p->at, p->n - p->at, MSG_NOSIGNAL)
				 : shutdown(c->fd[!i], SHUT_WR);

		w->blocked = n < 0 && errno == EAGAIN;
		if (n < 0)
			return w->blocked;
		p->at += (size_t)n;
		if (p->at < p->n)
			continue;
		w->under_way -= p->n;
		w->first = p->next;
		free(p);
	}
	return w->first || !w->ended || c->way[!i].first || !c->way[!i].ended;
}

static int64_t next_due(void)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < n_connections; i++)
		for (int k = 0; k < 2; k++) {
			const struct way *w = &connections[i].way[k];

			if (w->first && !w->blocked && w->first->due < due)
				due = w->first->due;
		}
	return due;
}

static void wait_for(struct pollfd *v, int listener)
{
	int64_t due = next_due(), wait = due - clock_now();
	struct timespec t = { 0, 0 };

	v[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	for (size_t i = 0; i < n_connections; i++)
		for (int k = 0; k < 2; k++) {
			const struct connection *c = &connections[i];
			const struct way *in = &c->way[k], *out = &c->way[!k];
			bool reads = !in->ended && in->under_way < WINDOW;

			v[1 + 2 * i + (size_t)k] =
				(struct pollfd){ .fd = reads || out->blocked ? c->fd[k] : -1,
						 .events = (short)((reads ? POLLIN : 0) |
								   (out->blocked ? POLLOUT : 0)) };
		}
	if (wait > 0)
		t = (struct timespec){ .tv_sec = wait / CLOCK_SEC, .tv_nsec = wait % CLOCK_SEC };
	ppoll(v, 1 + 2 * n_connections, due == INT64_MAX ? NULL : &t, NULL);
}

static void turn(int listener)
{
	static struct pollfd v[1 + 2 * CONNECTIONS];
	size_t n = n_connections;
	int64_t now;

	wait_for(v, listener);
	now = clock_now();
	for (size_t i = n;
	     i-- > 0;) { /* from behind: the last takes the place of one that is dropped */
		struct connection *c = &connections[i];
		bool on = true;

		for (int k = 0; k < 2 && on; k++) {
			bool ready =
				v[1 + 2 * i + (size_t)k].revents & (POLLIN | POLLHUP | POLLERR);

			on = (!ready || c->way[k].ended || take_in(c, k, now)) &&
			     give_out(c, k, now);
		}
		if (!on)
			drop(c);
	}
	if (v[0].revents)
		accept_one(listener, now);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = loopback(0);
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 4) {
		fprintf(stderr, "usage: slowlink PORT DELAY-MS BYTES-PER-SECOND\n");
		return 1;
	}
	target = (unsigned short)atoi(argv[1]);
	delay = atoi(argv[2]) * CLOCK_MS;
	rate = atoll(argv[3]);
	signal(SIGPIPE, SIG_IGN);
	if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(listener, 64) < 0 || getsockname(listener, (struct sockaddr *)&at, &size) < 0)
		die("listen");
	printf("listening on 127.0.0.1:%u\n", ntohs(at.sin_port));
	fflush(stdout);
	for (;;)
		turn(listener);
}
