/*
 * fresh ADDRESS:PORT PATH THREADS REQUESTS COMMAND... - is the first request after a publish
 * answered from it? THREADS kept connections ask for PATH with HEAD, one request after the other.
 * Meanwhile COMMAND publishes; its output ends in a generation's number. When it has returned, each
 * connection sends REQUESTS more.
 *
 * Prints how many of those were answered from another generation, and how long the requests took
 * that ended in the second after the first answer from the new one. Exits 1 when one was stale, 2
 * when something failed.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"

struct sample {
	int64_t sent, got; /* clock_now() */
	long generation;
};

struct client {
	const struct sockaddr_in *to;
	const char *path;
	long more; /* requests after the publish */
	pthread_t thread;
	struct sample *v;
	size_t n, cap;
	bool failed;
};

static atomic_bool published;

/* One request and the head of its answer; false when the connection is lost. */
static bool ask(int fd, const char *request, struct sample *s)
{
	char head[4096];
	const char *number;
	size_t n = 0;

	s->sent = clock_now();
	if (write(fd, request, strlen(request)) != (ssize_t)strlen(request))
		return false;
	do {
		ssize_t got = read(fd, head + n, sizeof(head) - 1 - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
		head[n] = '\0';
	} while (!strstr(head, "\r\n\r\n"));
	s->got = clock_now();
	number = strstr(head, "X-Mirror-Generation: ");
	s->generation = number ? strtol(number + 21, NULL, 10) : -1;
	return strncmp(head, "HTTP/1.1 200", 12) == 0;
}

static void *run_client(void *arg)
{
	struct client *c = arg;
	cleanup_free char *request = xasprintf("HEAD %s HTTP/1.1\r\nHost: m\r\n\r\n", c->path);
	cleanup_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long left = c->more;

	c->failed = connect(fd, (const struct sockaddr *)c->to, sizeof(*c->to)) < 0;
	while (!c->failed && left > 0) {
		/* before the request is sent, not after its answer */
		if (atomic_load(&published))
			left--;
		c->v = xgrow(c->v, c->n, &c->cap, sizeof(*c->v));
		c->failed = !ask(fd, request, &c->v[c->n++]);
	}
	return NULL;
}

/* Runs the command; gives the number that its output ends in, or -1. */
static long publish(char **words)
{
	cleanup_free char *line = xstrdup("exec");
	char out[4096];
	size_t n;
	FILE *f;

	for (; *words; words++) {
		char *longer = xasprintf("%s '%s'", line, *words);

		free(line);
		line = longer;
	}
	f = popen(line, "re"); // NOLINT(cert-env33-c): a command is what it runs
	n = f ? fread(out, 1, sizeof(out) - 1, f) : 0;
	if (!f || pclose(f) != 0)
		return -1;
	while (n && !(out[n - 1] >= '0' && out[n - 1] <= '9'))
		n--;
	out[n] = '\0';
	while (n && out[n - 1] >= '0' && out[n - 1] <= '9')
		n--;
	return strtol(out + n, NULL, 10);
}

static int order_times(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int64_t first_answer(const struct client *c, long n, long generation)
{
	int64_t first = INT64_MAX;

	for (long i = 0; i < n; i++)
		for (size_t k = 0; k < c[i].n; k++)
			if (c[i].v[k].generation == generation && c[i].v[k].got < first)
				first = c[i].v[k].got;
	return first;
}

/* So many of a thousand took no longer, in milliseconds. */
static double in_ms(const int64_t *times, size_t n, size_t share)
{
	size_t at = n * share / 1000;

	return n ? (double)times[at < n ? at : n - 1] / (double)CLOCK_MS : 0;
}

/* Gives the number of stale answers. */
static size_t report(const struct client *c, long n, long generation, int64_t returned)
{
	int64_t first = first_answer(c, n, generation);
	cleanup_free int64_t *times = NULL;
	size_t stale = 0, ntimes = 0, cap = 0;

	for (long i = 0; i < n; i++)
		for (size_t k = 0; k < c[i].n; k++) {
			const struct sample *s = &c[i].v[k];

			stale += s->sent > returned && s->generation != generation;
			if (s->got < first || s->got > first + CLOCK_SEC)
				continue;
			times = xgrow(times, ntimes, &cap, sizeof(*times));
			times[ntimes++] = s->got - s->sent;
		}
	if (ntimes)
		qsort(times, ntimes, sizeof(*times), order_times);
	printf("stale %zu, requests %zu, p50 %.2f ms, p99.9 %.2f ms, longest %.2f ms\n", stale,
	       ntimes, in_ms(times, ntimes, 500), in_ms(times, ntimes, 999),
	       in_ms(times, ntimes, 1000));
	return stale;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	char *port = argc > 5 ? strrchr(argv[1], ':') : NULL;
	long n = port ? strtol(argv[3], NULL, 10) : 0, generation;
	cleanup_free struct client *c = NULL;
	bool failed = false;
	int64_t returned;
	size_t stale;

	if (n <= 0 || n > 1000)
		return 2;
	*port = '\0';
	to.sin_port = htons((uint16_t)strtol(port + 1, NULL, 10));
	inet_pton(AF_INET, argv[1], &to.sin_addr);
	c = xcalloc((size_t)n, sizeof(*c));
	for (long i = 0; i < n; i++) {
		c[i] = (struct client){ .to = &to,
					.path = argv[2],
					.more = strtol(argv[4], NULL, 10) };
		failed |= pthread_create(&c[i].thread, NULL, run_client, &c[i]) != 0;
	}
	generation = publish(argv + 5);
	returned = clock_now();
	atomic_store(&published, true);
	for (long i = 0; i < n && !failed; i++) {
		pthread_join(c[i].thread, NULL);
		failed |= c[i].failed;
	}
	stale = report(c, n, generation, returned);
	for (long i = 0; i < n; i++)
		free(c[i].v);
	return failed || generation < 0 ? 2 : stale != 0;
}
