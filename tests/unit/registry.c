/* registry: what becomes of what is under way when it is freed. Upstreams are sockets of this process, answered
 * between turns of the loop. */
#include "oci/registry.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "oci/layout.h"
#include "oci/own.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

/* One that has nothing, and says so until it is asked no more; and one that never answers. */
struct upstreams {
	int nothing, silent;
	int asking[8]; /* connections to the first */
	size_t n;
};

static int listen_on(unsigned *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		abort();
	*port = ntohs(at.sin_port);
	return fd;
}

static void answer(int fd)
{
	static const char words[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	char request[4096];

	if (recv(fd, request, sizeof(request), MSG_DONTWAIT) > 0 &&
	    send(fd, words, sizeof(words) - 1, MSG_NOSIGNAL) < 0)
		abort();
}

/* Between turns: answers, until the silent one has been asked. */
static bool serve(void *arg)
{
	struct upstreams *u = arg;
	struct pollfd silent = { .fd = u->silent, .events = POLLIN };
	int fd = accept4(u->nothing, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0 && u->n < sizeof(u->asking) / sizeof(u->asking[0]))
		u->asking[u->n++] = fd;
	for (size_t i = 0; i < u->n; i++)
		answer(u->asking[i]);
	return poll(&silent, 1, 0) > 0;
}

struct outcome {
	int times;
	struct err err;
};

static void on_blob(void *arg, const struct registry_blob *b)
{
	struct outcome *o = arg;

	o->times++;
	if (b->err)
		o->err = *b->err;
}

/* A foreign layer has been asked for at one of its URLs, and there are others. */
static void test_freed_elsewhere(void)
{
	own_by(tempdir_release) struct tempdir t = tempdir_new();
	const struct registry_options options = { .user_agent = "test" };
	struct layout layout = LAYOUT_INIT;
	struct upstreams u = { .n = 0 };
	struct outcome o = { .err = ERR_INIT };
	struct ref ref = REF_INIT;
	struct registry *r = NULL;
	unsigned nothing, silent;
	struct digest d;
	struct err err;

	u.nothing = listen_on(&nothing);
	u.silent = listen_on(&silent);
	own_free char *name = xasprintf("127.0.0.1:%u/app:1", nothing);
	own_free char *urls = xasprintf("http://127.0.0.1:%u/a http://127.0.0.1:%u/b "
					"http://127.0.0.1:%u/c",
					nothing, silent, nothing);
	digest_of(NULL, "x", 1, &d);
	if (ref_parse(&ref, span_str(name), &err) < 0 ||
	    layout_open(&layout, t.path, LAYOUT_WRITE, &err) < 0 ||
	    !(r = registry_new(&options, &err)))
		abort();
	registry_blob(r, &ref, &(struct registry_wanted){ &d, 1, urls }, &layout, on_blob, &o);
	CHECK_ROW(registry_run(r, serve, &u, 10, &err) == 0 && !o.times, "it is under way");
	registry_free(r);
	CHECK_ROW(o.times == 1, "it ends, once");
	CHECK_TEXT(o.err.msg, "127.0.0.1: interrupted", "and its other URLs are not asked");
	layout_close(&layout);
	ref_release(&ref);
	while (u.n > 0)
		close(u.asking[--u.n]);
	close(u.nothing);
	close(u.silent);
}

int main(void)
{
	test_freed_elsewhere();
	return tap_done();
}
