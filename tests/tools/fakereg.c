/*
 * fakereg - a registry that misbehaves on order: plays one page of tests/exchanges.
 *
 *	fakereg PAGE LOG DIR
 *
 * It listens at 127.0.0.1, .2 and .3 ({A}, {B}, {C}), writes every request with its headers as a line into LOG
 * and the page's files into DIR ({T}), prints where it listens and what its client is to do and to see ("host",
 * "run", "do", "then", "out" lines, filled in), then "ready". On SIGTERM it says what was asked for and not expected, or expected and
 * not asked for, and exits with 1 then. What a page may say: tests/exchanges/README.md.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "oci/buf.h"
#include "oci/clock.h"
#include "oci/digest.h"
#include "oci/err.h"
#include "oci/file.h"
#include "oci/limits.h"
#include "oci/own.h"

enum cut { CUT_NOT, CUT_CLOSE, CUT_RESET, CUT_STALL };

struct content {
	char name[32];
	struct buf bytes;
};

/* A request that is expected, and what it gets. */
struct step {
	char host; /* 'A' */
	char *method, *target;
	char *with[8], *without[8], *sent; /* headers; the body */
	size_t nwith, nwithout;
	long times; /* left; -1: any number */
	int line;
	char *status, *raw;
	struct buf fields, body;
	long length; /* said in Content-Length; -1: the body's, -2: none */
	bool chunked, close;
	enum cut cut;
	long cut_at, wait_for;
};

#define MOST 64
static struct content contents[MOST];
static struct step steps[MOST];
static size_t ncontents, nsteps;
static const char *page, *dir;
static FILE *log_file;
static int listeners[3];
static unsigned ports[3];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t seen = PTHREAD_COND_INITIALIZER;
static long requests, unexpected;

static void die(int line, const char *what)
{
	fprintf(stderr, "fakereg: %s:%d: %s\n", page, line, what);
	exit(2);
}

/*
 * Words in braces.
 */

static const struct content *content(const char *name)
{
	for (size_t i = 0; i < ncontents; i++)
		if (strcmp(contents[i].name, name) == 0)
			return &contents[i];
	return NULL;
}

/* Appends what {name arg} stands for; false when it is no word of ours. */
static bool fill_word(struct buf *out, const char *name, const char *arg)
{
	static const struct digest sha512 = { "sha512:" };
	const struct content *c = content(arg);
	struct digest d;
	char date[CLOCK_HTTP];

	if (strlen(name) == 1 && name[0] >= 'A' && name[0] <= 'C')
		return buf_addf(out, "127.0.0.%d:%u", name[0] - 'A' + 1, ports[name[0] - 'A']);
	if (strcmp(name, "T") == 0)
		return buf_adds(out, dir);
	if (strcmp(name, "epoch") == 0)
		return buf_addf(out, "%ld", (long)clock_wall() + atol(arg));
	if (strcmp(name, "date") == 0) {
		clock_http(clock_wall() + atol(arg), date);
		return buf_adds(out, date);
	}
	if (!c)
		return false;
	if (strcmp(name, "size") == 0)
		return buf_addf(out, "%zu", c->bytes.n);
	if (strcmp(name, "digest") != 0 && strcmp(name, "sha512") != 0)
		return false;
	digest_of(name[0] == 's' ? &sha512 : NULL, c->bytes.p, c->bytes.n, &d);
	return buf_adds(out, d.str);
}

static char *fill(const char *text)
{
	struct buf out = BUF_INIT(MIB);
	char name[16], arg[32];

	while (*text) {
		int used = 0;

		arg[0] = '\0';
		if (*text == '{' &&
		    ((sscanf(text, "{%15[a-zA-Z0-9]}%n", name, &used) == 1 && used) ||
		     (sscanf(text, "{%15[a-zA-Z0-9] %31[a-z0-9-]}%n", name, arg, &used) == 2 &&
		      used)) &&
		    fill_word(&out, name, arg))
			text += used;
		else
			buf_addc(&out, *text++);
	}
	return buf_take(&out);
}

/*
 * The page.
 */

/* Takes a word off the front of *rest. */
static char *word(char **rest)
{
	char *w;

	*rest += strspn(*rest, " \t");
	w = *rest;
	*rest += strcspn(*rest, " \t");
	if (**rest)
		*(*rest)++ = '\0';
	*rest += strspn(*rest, " \t");
	return w;
}

/* content NAME TEXT, content NAME repeat N TEXT */
static void read_content(char *rest, int line)
{
	struct content *c = &contents[ncontents++];
	long n = 1;

	if (ncontents == MOST)
		die(line, "too much content");
	snprintf(c->name, sizeof(c->name), "%s", word(&rest));
	if (strncmp(rest, "repeat ", 7) == 0) {
		word(&rest);
		n = atol(word(&rest));
	}
	buf_init(&c->bytes, 256 * MIB);
	while (n--)
		buf_adds(&c->bytes, rest);
}

/* request [HOST] METHOD TARGET [times N | always] */
static struct step *read_request(char *rest, int line)
{
	struct step *s = &steps[nsteps++];
	char *w = word(&rest);

	if (nsteps == MOST)
		die(line, "too many requests");
	*s = (struct step){ .host = 'A', .times = 1, .line = line, .length = -1 };
	if (strlen(w) == 1) {
		s->host = *w;
		w = word(&rest);
	}
	s->method = xstrdup(w);
	s->target = xstrdup(word(&rest));
	w = word(&rest);
	if (*w)
		s->times = strcmp(w, "always") == 0 ? -1 : atol(word(&rest));
	buf_init(&s->fields, 128 * KIB);
	buf_init(&s->body, 256 * MIB);
	return s;
}

/* body NAME [FROM [TO]], TO not included */
static void read_body(struct step *s, char *rest, int line)
{
	const struct content *c = content(word(&rest));
	size_t from = (size_t)atol(word(&rest)), to = (size_t)atol(word(&rest));

	if (!c)
		die(line, "no such content");
	if (!to || to > c->bytes.n)
		to = c->bytes.n;
	buf_add(&s->body, c->bytes.p + from, to - from);
}

static void read_cut(struct step *s, enum cut cut, char *rest)
{
	if (!*rest) {
		s->close = true;
		return;
	}
	word(&rest); /* "after" */
	s->cut = cut;
	s->cut_at = atol(word(&rest));
}

static void read_with(struct step *s, char *rest, int line)
{
	if (s->nwith == 8)
		die(line, "too many conditions");
	s->with[s->nwith++] = xstrdup(rest);
}

static void read_without(struct step *s, char *rest, int line)
{
	if (s->nwithout == 8)
		die(line, "too many conditions");
	s->without[s->nwithout++] = xstrdup(rest);
}

static void read_sent(struct step *s, char *rest, int line)
{
	(void)line;
	s->sent = xstrdup(rest);
}

static void read_status(struct step *s, char *rest, int line)
{
	(void)line;
	s->status = xstrdup(rest);
}

static void read_garbage(struct step *s, char *rest, int line)
{
	(void)line;
	s->raw = xstrdup(rest);
}

static void read_text(struct step *s, char *rest, int line)
{
	(void)line;
	buf_adds(&s->body, rest);
}

static void read_length(struct step *s, char *rest, int line)
{
	(void)line;
	s->length = strcmp(rest, "none") == 0 ? -2 : atol(rest);
}

static void read_chunked(struct step *s, char *rest, int line)
{
	(void)rest, (void)line;
	s->chunked = true;
}

static void read_await(struct step *s, char *rest, int line)
{
	(void)line;
	s->wait_for = atol(rest);
}

static void read_close(struct step *s, char *rest, int line)
{
	(void)line;
	read_cut(s, CUT_CLOSE, rest);
}

static void read_reset(struct step *s, char *rest, int line)
{
	(void)line;
	read_cut(s, CUT_RESET, rest);
}

static void read_stall(struct step *s, char *rest, int line)
{
	(void)line;
	read_cut(s, CUT_STALL, rest);
}

static const struct {
	const char *verb;
	void (*read)(struct step *s, char *rest, int line);
} orders[] = {
	{ "with", read_with },    { "without", read_without }, { "sent", read_sent },
	{ "reply", read_status }, { "garbage", read_garbage }, { "body", read_body },
	{ "text", read_text },    { "length", read_length },   { "chunked", read_chunked },
	{ "await", read_await },  { "close", read_close },     { "reset", read_reset },
	{ "stall", read_stall },
};

/* An order below a request: a word of ours, or a header of the reply. */
static void read_order(struct step *s, const char *verb, char *rest, int line)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (strcmp(verb, orders[i].verb) == 0) {
			orders[i].read(s, rest, line);
			return;
		}
	if (verb[strlen(verb) - 1] != ':')
		die(line, "no such order");
	buf_addf(&s->fields, "%s %s\r\n", verb, rest);
}

/* file NAME: the indented lines that follow. */
static FILE *open_file(const char *name, int line)
{
	own_free char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	if (!f)
		die(line, "can't write the file");
	return f;
}

/* Words for the client. */
static bool is_said(const char *verb)
{
	static const char *const words[] = { "run", "do", "then", "out" };

	for (size_t i = 0; i < 4; i++)
		if (strcmp(verb, words[i]) == 0)
			return true;
	return false;
}

static void read_word(const char *verb, char *rest, int line)
{
	static struct step *s;

	if (strcmp(verb, "content") == 0)
		read_content(rest, line);
	else if (strcmp(verb, "request") == 0)
		s = read_request(rest, line);
	else if (is_said(verb))
		printf("%s %s\n", verb, rest);
	else if (s)
		read_order(s, verb, rest, line);
	else
		die(line, "no such word");
}

static void read_line(char *text, int line)
{
	static FILE *file;
	own_free char *filled = fill(text);
	char *rest = filled, *verb;

	if (file && text[0] == '\t') {
		fprintf(file, "%s\n", filled + strspn(filled, "\t"));
		return;
	}
	if (file)
		fclose(file);
	file = NULL;
	verb = word(&rest);
	if (strcmp(verb, "file") == 0)
		file = open_file(rest, line);
	else if (*verb && *verb != '#')
		read_word(verb, rest, line);
}

static void read_page(void)
{
	own_by(buf_release) struct buf b = BUF_INIT(MIB);
	struct err err;
	struct span rest, text;

	if (file_read(AT_FDCWD, page, &b, &err) < 0)
		die(0, err.msg);
	rest = buf_span(&b);
	for (int line = 1; span_cut(&rest, '\n', &text); line++) {
		own_free char *copy = xstrndup(text.p, text.n);

		read_line(copy, line);
	}
	read_line((char[]){ "" }, 0);
}

/*
 * Requests.
 */

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

static bool meets(const struct step *s, const struct request *r)
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

/* The request in one line, its headers parted by `between`. */
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

static struct step *find(const struct request *r)
{
	for (size_t i = 0; i < nsteps; i++)
		if (meets(&steps[i], r))
			return &steps[i];
	return NULL;
}

/* The step a request meets, or NULL; when it waits for others, they have come when this returns. */
static const struct step *meet(const struct request *r)
{
	struct step *s;

	pthread_mutex_lock(&lock);
	show(log_file, r, " | ");
	s = find(r);
	if (!s) {
		unexpected++;
		printf("unexpected ");
		show(stdout, r, "\n    ");
	} else if (s->times > 0) {
		s->times--;
	}
	requests++;
	pthread_cond_broadcast(&seen);
	while (s && requests < s->wait_for)
		pthread_cond_wait(&seen, &lock);
	pthread_mutex_unlock(&lock);
	return s;
}

/*
 * Replies.
 */

static bool put(int fd, const char *p, size_t n)
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

static void cut(int fd, enum cut how)
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

	if (s->chunked) {
		snprintf(size, sizeof(size), "%zx\r\n", n);
		if (n &&
		    (!put(fd, size, strlen(size)) || !put(fd, s->body.p, n) || !put(fd, "\r\n", 2)))
			return false;
		return s->cut || put(fd, "0\r\n\r\n", 5);
	}
	return put(fd, s->body.p, n);
}

/* Whether the connection stays. */
static bool reply(int fd, const struct request *r, const struct step *s)
{
	own_by(buf_release) struct buf head = BUF_INIT(MIB);

	if (!s) {
		static const char no[] =
			"HTTP/1.1 400 Unexpected\r\nContent-Length: 10\r\n\r\nunexpected";

		put(fd, no, sizeof(no) - 1);
		return false;
	}
	if (s->raw) {
		put(fd, s->raw, strlen(s->raw));
		return false;
	}
	buf_addf(&head, "HTTP/1.1 %s\r\n%s", s->status, s->fields.p);
	if (s->chunked)
		buf_adds(&head, "Transfer-Encoding: chunked\r\n");
	else if (s->length != -2)
		buf_addf(&head, "Content-Length: %ld\r\n",
			 s->length >= 0 ? s->length : (long)s->body.n);
	buf_adds(&head, "\r\n");
	if (!put(fd, head.p, head.n) || (strcmp(r->method, "HEAD") != 0 && !put_body(fd, s)))
		return false;
	if (s->cut)
		cut(fd, s->cut);
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
		char *room = buf_room(b, 1);

		if (!room || recv(fd, room, 1, 0) != 1)
			return false;
		b->n++;
		b->p[b->n] = '\0';
	}
	head = (size_t)(end - b->p) + 4;
	length = strcasestr(b->p, "\nContent-Length:");
	if (length)
		body = (size_t)atol(length + 16);
	if (body &&
	    (!buf_room(b, body) || recv(fd, b->p + head, body, MSG_WAITALL) != (ssize_t)body))
		return false;
	b->p[head - 2] = '\0';
	b->p[head + body] = '\0';
	r->body = b->p + head;
	rest = b->p;
	r->headers = strchr(b->p, '\n');
	r->method = word(&rest);
	r->target = word(&rest);
	return r->headers != NULL;
}

static void *serve(void *arg)
{
	int fd = *(int *)arg, one = 1;
	own_by(buf_release) struct buf b = BUF_INIT(MIB);
	struct sockaddr_in to;
	socklen_t n = sizeof(to);
	struct request r = { .host = 'A' };

	free(arg);
	getsockname(fd, (struct sockaddr *)&to, &n);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	r.host = (char)('A' + (ntohl(to.sin_addr.s_addr) & 0xff) - 1);
	while (read_request_from(fd, &b, &r) && reply(fd, &r, meet(&r)))
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
		if (*fd < 0 || pthread_create(&thread, NULL, serve, fd) != 0) {
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
		die(0, "can't listen");
	ports[i] = ntohs(at.sin_port);
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
	page = argv[1];
	dir = argv[3];
	log_file = fopen(argv[2], "w");
	if (!log_file)
		die(0, "can't write the log");
	for (size_t i = 0; i < 3; i++) {
		listen_at(i);
		printf("host %c 127.0.0.%zu:%u\n", (char)('A' + i), i + 1, ports[i]);
	}
	read_page();
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	for (size_t i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, accept_all, &listeners[i]) != 0)
			die(0, "can't start a thread");
	puts("ready");
	fflush(stdout);
	sigwait(&stop, &signal);
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < nsteps; i++)
		if (steps[i].times > 0 && ++unexpected)
			printf("missing %c %s %s (line %d)\n", steps[i].host, steps[i].method,
			       steps[i].target, steps[i].line);
	fflush(stdout);
	_exit(unexpected > 0);
}
