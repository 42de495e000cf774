/* registry: what becomes of what is under way when the loop ends before it. Upstreams are sockets
 * of this process, answered between turns of the loop. */
#include "oci/registry/registry.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "oci/base/cleanup.h"
#include "oci/store/layout.h"
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

/* A registry that is asked for a foreign layer, and the upstreams. */
struct world {
	struct tempdir dir;
	struct layout layout;
	struct upstreams upstreams;
	struct registry *registry;
	struct outcome outcome;
};

static void world_begin(struct world *w)
{
	static const struct registry_options options = { .net.user_agent = "test" };
	cleanup_free char *name = NULL, *urls = NULL;
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	unsigned nothing, silent;
	struct digest d;
	struct err err;

	*w = (struct world){ .dir = tempdir_new(), .outcome = { .err = ERR_INIT } };
	w->upstreams.nothing = listen_on(&nothing);
	w->upstreams.silent = listen_on(&silent);
	name = xasprintf("127.0.0.1:%u/app:1", nothing);
	urls = xasprintf("http://127.0.0.1:%u/a http://127.0.0.1:%u/b http://127.0.0.1:%u/c",
			 nothing, silent, nothing);
	digest_of(NULL, "x", 1, &d);
	w->registry = registry_new(&options, &err);
	if (!w->registry || ref_parse(&ref, span_str(name), &err) < 0 ||
	    layout_open(&w->layout, w->dir.path, LAYOUT_WRITE, &err) < 0)
		abort();
	registry_blob(w->registry, &ref, &(struct registry_wanted){ &d, 1, urls }, &w->layout,
		      on_blob, &w->outcome);
}

static void world_end(struct world *w)
{
	struct upstreams *u = &w->upstreams;

	layout_close(&w->layout);
	while (u->n > 0)
		close(u->asking[--u->n]);
	close(u->nothing);
	close(u->silent);
	tempdir_release(&w->dir);
}

/* It has been asked for at one of its URLs, and there are others. */
static void test_freed(void)
{
	struct world w;
	struct err err;
	int r;

	world_begin(&w);
	r = registry_run(w.registry, serve, &w.upstreams, 10, &err);
	CHECK_ROW(r == 0 && !w.outcome.times, "it is under way");
	registry_free(w.registry);
	CHECK_ROW(w.outcome.times == 1, "freed, it ends, once");
	CHECK_TEXT(w.outcome.err.msg, "127.0.0.1: interrupted", "and is asked for nowhere else");
	world_end(&w);
}

/* Then poll() fails: no process may watch more descriptors than it may have. */
static bool serve_and_fail(void *arg)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (serve(arg))
		limit.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &limit);
	return false;
}

static void test_network_fails(void)
{
	struct rlimit before;
	struct world w;
	struct err err = ERR_INIT;
	int r;

	getrlimit(RLIMIT_NOFILE, &before);
	world_begin(&w);
	r = registry_run(w.registry, serve_and_fail, &w.upstreams, 10, &err);
	setrlimit(RLIMIT_NOFILE, &before);
	CHECK_ROW(r < 0 && err.kind == ERR_IO, "a loop that fails says so");
	CHECK_ROW(w.outcome.times == 1, "and nothing is under way any more");
	registry_free(w.registry);
	world_end(&w);
}

int main(void)
{
	test_freed();
	test_network_fails();
	return tap_done();
}
