/*
 * fakereg - a registry that misbehaves on order: plays one page of tests/exchanges.
 *
 *	fakereg PAGE LOG DIR
 *
 * It listens at 127.0.0.1, .2 and .3 ({A}, {B}, {C}), writes each request with its headers as a
 * line into LOG and the page's files into DIR ({T}). It prints its addresses, what its client is
 * to do and to print ("host", "run", "do", "then", "out" lines, filled in), and then "ready". On
 * SIGTERM it prints the requests that were made and not expected, or expected and not made, and
 * exits with 1 when there are any. The words of a page: tests/exchanges/README.md.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "tests/page.h"

static struct page page;
static FILE *log_file;
static int listeners[3];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t seen = PTHREAD_COND_INITIALIZER;
static long requests, unexpected;

struct request {
	char host;
	char *method, *target, *headers; /* headers: "\nName: value" each */
	const char *body;
};

static const char *header(const struct request *r, const char *name, size_t n)
{
	const char *h = r->headers;

	while ((h = strchr(h, '\n'))) {
		h++;
		if (strncasecmp(h, name, n) == 0 && h[n] == ':')
			return h + n + 1 + strspn(h + n + 1, " ");
	}
	return NULL;
}

static bool has_header(const struct request *r, const char *field)
{
	const char *colon = strchr(field, ':');
	const char *got = colon ? header(r, field, (size_t)(colon - field)) : NULL;
	const char *want = colon ? colon + 1 + strspn(colon + 1, " ") : "";

	return got && strcspn(got, "\r\n") == strlen(want) && strncmp(got, want, strlen(want)) == 0;
}

static bool is_step_for(const struct step *s, const struct request *r)
{
	if (s->host != r->host || !s->times || strcmp(s->method, r->method) != 0 ||
	    strcmp(s->target, r->target) != 0 || (s->sent && strcmp(s->sent, r->body) != 0))
		return false;
	for (size_t i = 0; i < s->nwith; i++)
		if (!has_header(r, s->with[i]))
			return false;
	for (size_t i = 0; i < s->nwithout; i++)
		if (header(r, s->without[i], strlen(s->without[i])))
			return false;
	return true;
}

/* Prints the request in one line, its headers separated by `between`. */
static void show(FILE *to, const struct request *r, const char *between)
{
	fprintf(to, "%c %s %s", r->host, r->method, r->target);
	for (const char *h = r->headers; *h; h++)
		if (*h == '\n')
			fputs(between, to);
		else if (*h != '\r')
			fputc(*h, to);
	fprintf(to, "%s%s\n", *r->body ? between : "", r->body);
	fflush(to);
}

static struct step *find_step(const struct request *r)
{
	for (size_t i = 0; i < page.nsteps; i++)
		if (is_step_for(&page.steps[i], r))
			return &page.steps[i];
	return NULL;
}

/* The step for a request, or NULL. When the step waits for other requests, this returns when they
 * came. */
static const struct step *take_step(const struct request *r)
{
	struct step *s;

	pthread_mutex_lock(&lock);
	show(log_file, r, " | ");
	s = find_step(r);
	if (!s) {
		unexpected++;
		printf("unexpected ");
		show(stdout, r, "\n    ");
	} else if (s->times > 0) {
		s->times--;
	}
	requests++;
	pthread_cond_broadcast(&seen);
	while (s && !s->await_body && requests < s->await)
		pthread_cond_wait(&seen, &lock);
	pthread_mutex_unlock(&lock);
	return s;
}

/* Waits for the requests that the body of a reply is to come after. */
static void await_requests(const struct step *s)
{
	pthread_mutex_lock(&lock);
	while (s->await_body && requests < s->await)
		pthread_cond_wait(&seen, &lock);
	pthread_mutex_unlock(&lock);
}

/*
 * Replies.
 */

static bool put_bytes(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = send(fd, p, n, MSG_NOSIGNAL);

		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

/* The same, a byte every 20 ms from the byte `at` on: a server that never stalls and never ends. */
static bool drip_bytes(int fd, const char *p, size_t n, size_t at)
{
	static const struct timespec pause = { .tv_nsec = 20 * CLOCK_MS };

	if (!put_bytes(fd, p, at < n ? at : n))
		return false;
	for (; at < n; at++)
		if (nanosleep(&pause, NULL) < 0 || !put_bytes(fd, p + at, 1))
			return false;
	return true;
}

/* Headers without end. */
static void flood_headers(int fd, enum flood flood)
{
	static const char interim[] = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
	static const char trailer[] = "X-Trailer: and one more\r\n";
	const char *text = flood == FLOOD_INTERIM ? interim : trailer;

	while (flood == FLOOD_TRAILERS_SLOWLY ? drip_bytes(fd, text, strlen(text), 0)
					      : put_bytes(fd, text, strlen(text)))
		;
}

static void cut_connection(int fd, enum cut how)
{
	struct linger now = { .l_onoff = 1 };
	char byte;

	if (how == CUT_RESET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	while (how == CUT_STALL && recv(fd, &byte, 1, 0) > 0)
		;
}

static bool put_body(int fd, const struct step *s)
{
	size_t n = s->cut && (size_t)s->cut_at < s->body.n ? (size_t)s->cut_at : s->body.n;
	char size[32];

	await_requests(s);
	if (s->chunked) {
		snprintf(size, sizeof(size), "%zx\r\n", n);
		if (n && (!put_bytes(fd, size, strlen(size)) || !put_bytes(fd, s->body.p, n) ||
			  !put_bytes(fd, "\r\n", 2)))
			return false;
		if (s->flood >= FLOOD_TRAILERS && put_bytes(fd, "0\r\n", 3))
			flood_headers(fd, s->flood);
		return s->cut || put_bytes(fd, "0\r\n\r\n", 5);
	}
	return put_bytes(fd, s->body.p, n);
}

/* Whether the connection stays. */
static bool send_reply(int fd, const struct request *r, const struct step *s)
{
	cleanup_by(buf_release) struct buf head = BUF_INIT(MIB);

	if (!s) {
		static const char no[] =
			"HTTP/1.1 400 Unexpected\r\nContent-Length: 10\r\n\r\nunexpected";

		put_bytes(fd, no, sizeof(no) - 1);
		return false;
	}
	if (s->garbage) {
		put_bytes(fd, s->garbage, strlen(s->garbage));
		return false;
	}
	buf_addf(&head, "HTTP/1.1 %s\r\n%s", s->status, s->fields.p);
	if (s->chunked)
		buf_adds(&head, "Transfer-Encoding: chunked\r\n");
	else if (s->length != -2)
		buf_addf(&head, "Content-Length: %ld\r\n",
			 s->length >= 0 ? s->length : (long)s->body.n);
	buf_adds(&head, "\r\n");
	if (s->flood == FLOOD_INTERIM)
		flood_headers(fd, s->flood);
	if (s->drip >= 0) {
		buf_add(&head, s->body.p, s->body.n);
		return drip_bytes(fd, head.p, head.n, (size_t)s->drip);
	}
	if (s->head) {
		put_bytes(fd, head.p, (size_t)s->head < head.n ? (size_t)s->head : head.n);
		return false;
	}
	if (!put_bytes(fd, head.p, head.n) || (strcmp(r->method, "HEAD") != 0 && !put_body(fd, s)))
		return false;
	if (s->cut)
		cut_connection(fd, s->cut);
	return !s->cut && !s->close && s->length != -2;
}

/* Reads one request into b; false at the end of the connection. */
static bool read_request_from(int fd, struct buf *b, struct request *r)
{
	char *end, *rest;
	const char *length;
	size_t body = 0, head;

	buf_clear(b);
	while (!(end = strstr(b->p, "\r\n\r\n"))) {
		char *byte = buf_reserve(b, 1);

		if (!byte || recv(fd, byte, 1, 0) != 1)
			return false;
		b->n++;
		b->p[b->n] = '\0';
	}
	head = (size_t)(end - b->p) + 4;
	length = strcasestr(b->p, "\nContent-Length:");
	if (length)
		body = (size_t)atol(length + 16);
	if (body &&
	    (!buf_reserve(b, body) || recv(fd, b->p + head, body, MSG_WAITALL) != (ssize_t)body))
		return false;
	b->p[head - 2] = '\0';
	b->p[head + body] = '\0';
	r->body = b->p + head;
	rest = b->p;
	r->headers = strchr(b->p, '\n');
	r->method = page_word(&rest);
	r->target = page_word(&rest);
	return r->headers != NULL;
}

static void *serve_connection(void *arg)
{
	int fd = *(int *)arg, one = 1;
	cleanup_by(buf_release) struct buf b = BUF_INIT(MIB);
	struct sockaddr_in to;
	socklen_t n = sizeof(to);
	struct request r = { .host = 'A' };

	free(arg);
	getsockname(fd, (struct sockaddr *)&to, &n);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	r.host = (char)('A' + (ntohl(to.sin_addr.s_addr) & 0xff) - 1);
	while (read_request_from(fd, &b, &r) && send_reply(fd, &r, take_step(&r)))
		;
	close(fd);
	return NULL;
}

static void *accept_all(void *arg)
{
	int listener = *(int *)arg;
	pthread_t thread;

	for (;;) {
		int *fd = xmalloc(sizeof(*fd));

		*fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (*fd < 0 || pthread_create(&thread, NULL, serve_connection, fd) != 0) {
			free(fd);
			return NULL;
		}
		pthread_detach(thread);
	}
}

static void listen_at(size_t i)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof(at);

	at.sin_addr.s_addr = htonl(0x7f000001 + (unsigned)i);
	listeners[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listeners[i] < 0 || bind(listeners[i], (struct sockaddr *)&at, n) < 0 ||
	    listen(listeners[i], 128) < 0 ||
	    getsockname(listeners[i], (struct sockaddr *)&at, &n) < 0)
		page_die(&page, 0, "can't listen");
	page.ports[i] = ntohs(at.sin_port);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	sigset_t stop;
	int signal;

	if (argc != 4) {
		fprintf(stderr, "usage: fakereg PAGE LOG DIR\n");
		return 2;
	}
	page.path = argv[1];
	page.dir = argv[3];
	log_file = fopen(argv[2], "w");
	if (!log_file)
		page_die(&page, 0, "can't write the log");
	for (size_t i = 0; i < 3; i++) {
		listen_at(i);
		printf("host %c 127.0.0.%zu:%u\n", (char)('A' + i), i + 1, page.ports[i]);
	}
	page_read(&page);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	for (size_t i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, accept_all, &listeners[i]) != 0)
			page_die(&page, 0, "can't start a thread");
	puts("ready");
	fflush(stdout);
	sigwait(&stop, &signal);
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < page.nsteps; i++)
		if (page.steps[i].times > 0 && ++unexpected)
			printf("missing %c %s %s (line %d)\n", page.steps[i].host,
			       page.steps[i].method, page.steps[i].target, page.steps[i].line);
	fflush(stdout);
	_exit(unexpected > 0);
}
