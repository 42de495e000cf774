/* conn: the replies that wait for their client are lent by one state, however often it is
 * replaced. */
#include "serve/conn.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/media_type.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "serve/access.h"
#include "serve/metrics.h"
#include "serve/password_check.h"
#include "serve/server.h"
#include "serve/state.h"
#include "serve/state_load.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define PUBLIC  "docker.io/team/open:1"
#define PRIVATE "docker.io/team/secret:1"
/* More than the buffers of the socket below take. */
#define LARGE (MIB / 2)
/* The password is "secret". */
#define ANN "ann:$2y$04$4CygB6cI7i39QWMP6z5PJ.4OCs5DI3hZEc6x36a4BvhHl28VbIwL.\n"
#define REQUESTS                                                                                   \
	"GET /v2/team/open/manifests/1 HTTP/1.1\r\nHost: a\r\n\r\n"                                \
	"GET /v2/team/secret/manifests/1 HTTP/1.1\r\nHost: a\r\n"                                  \
	"Authorization: Basic YW5uOnNlY3JldA==\r\n\r\n"

struct mirror {
	struct tempdir dir;
	struct layout layout;
	struct access access;
	char htpasswd[PATH_MAX + 16], groups[PATH_MAX + 16], index[PATH_MAX + 16];
};

static void mirror_open(struct mirror *m)
{
	struct access_source source = { 0 };
	struct err err = ERR_INIT;

	*m = (struct mirror){ .dir = tempdir_new(), .access = ACCESS_INIT };
	CHECK_ROW(layout_open(&m->layout, m->dir.path, LAYOUT_WRITE, &err) == 0, "it opens");
	snprintf(m->htpasswd, sizeof(m->htpasswd), "%s/htpasswd", m->dir.path);
	snprintf(m->groups, sizeof(m->groups), "%s/groups", m->dir.path);
	snprintf(m->index, sizeof(m->index), "%s/index.json", m->dir.path);
	source.htpasswd = m->htpasswd;
	source.groups = m->groups;
	tempdir_write(&m->dir, "htpasswd", ANN);
	tempdir_write(&m->dir, "groups", "team: ann\n");
	CHECK_ROW(chmod(m->htpasswd, 0600) == 0, "nobody else may read it");
	CHECK_ROW(access_init(&m->access, &source, &err) == 0, err.msg);
}

static void mirror_close(struct mirror *m)
{
	access_release(&m->access);
	layout_close(&m->layout);
	tempdir_release(&m->dir);
}

/* A manifest of a letter, again and again. */
static void add_image(struct mirror *m, struct index *x, const char *ref, char letter)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_MANIFEST);
	struct err err = ERR_INIT;
	struct digest d;

	buf_adds(&b, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"x\":\"");
	while (b.n < LARGE)
		buf_addc(&b, letter);
	buf_adds(&b, "\"}");
	digest_of(NULL, b.p, b.n, &d);
	CHECK_ROW(layout_put(&m->layout, &d, b.p, b.n, &err) == 0, ref);
	CHECK_ROW(layout_commit(&m->layout, &err) == 0, ref);
	entry_set_content(index_add(x, ref), MEDIA_OCI_MANIFEST, &d, (int64_t)b.n);
}

/* The state of an index whose images are of that letter. */
static struct state *publish(struct mirror *m, char letter)
{
	const struct state_source from = { .mirror = m->dir.path, .index = m->index };
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_MANIFEST);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct err err = ERR_INIT;
	struct state *s;

	add_image(m, &x, PUBLIC, letter);
	add_image(m, &x, PRIVATE, letter);
	entry_set_annotation(index_find(&x, PRIVATE), ANNOTATION_PRIVATE, "team");
	index_write(&x, &b);
	tempdir_write(&m->dir, "index.json", b.p);
	s = state_load(&from, NULL, false, &err);
	CHECK_ROW(s != NULL, "it is loaded");
	return s;
}

static void look_nowhere(struct worker *w)
{
	(void)w;
}

/* Takes what has arrived; counts it in *letters. */
static void receive(int sock, size_t letters[static 256])
{
	unsigned char bytes[64 * KIB];
	ssize_t n;

	while ((n = recv(sock, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		for (ssize_t i = 0; i < n; i++)
			letters[bytes[i]]++;
}

/* A client that takes nothing for a while: the first reply is queued and not sent, the second waits
 * for a password, and the state is replaced meanwhile. */
static void test_replaced(struct mirror *m)
{
	struct server server = { .registry = "docker.io", .access = &m->access };
	struct access_log log = { .fd = -1 };
	struct access_files *files = access_latest(&m->access, NULL);
	cleanup_free struct metrics *metrics = xcalloc(1, sizeof(*metrics));
	cleanup_fd int wake = eventfd(0, EFD_CLOEXEC), client = -1;
	struct state *first = publish(m, '!'), *second = publish(m, '^');
	struct conn_turn turn = { .server = &server,
				  .state = first,
				  .look = look_nowhere,
				  .common = span_of("", 0),
				  .access = files,
				  .wake = wake,
				  .log = &log,
				  .metrics = metrics,
				  .now = clock_now() };
	size_t letters[256] = { 0 };
	struct conn *c;
	uint64_t woken;
	int socks[2];

	CHECK_ROW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, socks) == 0,
		  "two sockets");
	client = socks[1];
	c = conn_new(socks[0], false);
	CHECK_ROW(write(client, REQUESTS, strlen(REQUESTS)) == (ssize_t)strlen(REQUESTS), "asked");
	CHECK_ROW(conn_readable(c, &turn) == CONN_WRITE && c->pinned == first && c->pending == 1,
		  "one reply is queued, and its state pinned");
	CHECK_ROW(read(wake, &woken, sizeof(woken)) == sizeof(woken), "the password is known");

	turn.state = second;
	CHECK_ROW(conn_writable(c, &turn) == CONN_WRITE && c->pinned == first && c->pending == 1,
		  "a newer state lends nothing to what waits");
	state_unref(first);
	do
		receive(client, letters);
	while (conn_writable(c, &turn) == CONN_WRITE);
	receive(client, letters);
	CHECK_ROW(letters['!'] > LARGE / 2 && letters['^'] > LARGE / 2,
		  "the first is of the old state, the second of the new one");
	CHECK_ROW(c->pinned == NULL && c->state == CONN_IDLE, "and nothing is pinned any more");
	conn_free(c, &turn);
	state_unref(second);
	access_unref(files);
}

int main(void)
{
	struct mirror m;

	mirror_open(&m);
	test_replaced(&m);
	mirror_close(&m);
	return tap_done();
}
