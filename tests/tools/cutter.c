/*
 * cutter LISTEN UPSTREAM SEED MOST - a line that breaks: passes connections to LISTEN on to
 * UPSTREAM (both 127.0.0.1:PORT), and ends each when it has carried a number of bytes back, 1 to
 * MOST, that SEED and the connection's number decide. Every other one ends with a reset, the others
 * as if all had been said: between two answers, in a header, or in the middle of a body, wherever
 * that byte is.
 *
 * Prints "listening" when it is ready, and "cut N after BYTES" for each it has cut.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oci/base/cleanup.h"

static struct sockaddr_in upstream;
static uint64_t seed;
static unsigned long most;

struct line {
	unsigned long number;
	int client, server;
	size_t left; /* bytes until it is cut */
};

/* splitmix64: neighbours have nothing in common. */
static uint64_t draw(uint64_t number)
{
	uint64_t x = seed + (number + 1) * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static bool send_all(int to, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = send(to, p, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

/* Passes on what is there, at most so many bytes: how many, or 0 at the end of either side. */
static size_t pass(int from, int to, size_t limit)
{
	char bytes[16384];
	ssize_t n = recv(from, bytes, limit < sizeof(bytes) ? limit : sizeof(bytes), 0);

	return n > 0 && send_all(to, bytes, (size_t)n) ? (size_t)n : 0;
}

static void reset_at_close(int fd)
{
	const struct linger at_once = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

static void carry(struct line *l)
{
	struct pollfd fds[] = { { .fd = l->client, .events = POLLIN },
				{ .fd = l->server, .events = POLLIN } };
	const size_t all = l->left;

	while (l->left && poll(fds, 2, -1) > 0) {
		size_t back = fds[1].revents ? pass(l->server, l->client, l->left) : 0;

		if (fds[1].revents && !back)
			return;
		if (fds[0].revents && !pass(l->client, l->server, SIZE_MAX))
			return;
		l->left -= back;
	}
	if (l->number % 2)
		reset_at_close(l->client);
	printf("cut %lu after %zu\n", l->number, all);
}

static void *run_line(void *arg)
{
	cleanup_free struct line *l = arg;

	l->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(l->server, (struct sockaddr *)&upstream, sizeof(upstream)) == 0)
		carry(l);
	close(l->server);
	close(l->client);
	return NULL;
}

static bool read_address(const char *text, struct sockaddr_in *out)
{
	int port;

	if (sscanf(text, "127.0.0.1:%d", &port) != 1)
		return false;
	*out = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	out->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return true;
}

static int listen_at(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 || listen(fd, 128) < 0) {
		perror("cutter");
		exit(1);
	}
	return fd;
}

static void take_line(int client, unsigned long number)
{
	struct line *l = xcalloc(1, sizeof(*l));
	pthread_t thread;

	*l = (struct line){ .number = number, .client = client, .left = 1 + draw(number) % most };
	if (pthread_create(&thread, NULL, run_line, l) != 0)
		abort();
	pthread_detach(thread);
}

int main(int argc, char **argv)
{
	struct sockaddr_in here;
	int listener;

	if (argc != 5 || !read_address(argv[1], &here) || !read_address(argv[2], &upstream)) {
		fputs("usage: cutter 127.0.0.1:PORT 127.0.0.1:PORT SEED MOST\n", stderr);
		return 1;
	}
	seed = strtoull(argv[3], NULL, 10);
	most = strtoul(argv[4], NULL, 10);
	if (most == 0)
		most = 1;
	listener = listen_at(&here);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("listening");
	for (unsigned long n = 0;; n++) {
		int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (client >= 0)
			take_line(client, n);
	}
}
