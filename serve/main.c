#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/cli/cli_opt.h"
#include "oci/cli/exit_status.h"
#include "oci/cli/message.h"
#include "serve/admin.h"
#include "serve/access.h"
#include "serve/address_counts.h"
#include "serve/cmdline.h"
#include "serve/listen.h"
#include "serve/misses.h"
#include "serve/reload.h"
#include "serve/request_rates.h"
#include "serve/sandbox.h"
#include "serve/server.h"
#include "serve/systemd.h"
#include "serve/worker_pool.h"

/* Connections to --admin at a time: Prometheus, probes, a person. */
#define ADMIN_MAX 64

/* A connection needs two descriptors while a blob is sent; some are left for everything else. */
static int most_connections(void)
{
	struct rlimit r;
	rlim_t n;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 256;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	getrlimit(RLIMIT_NOFILE, &r);
	n = r.rlim_cur > 64 ? (r.rlim_cur - 32) / 2 : 16;
	return n > LIMIT_CONNECTIONS ? LIMIT_CONNECTIONS : (int)n;
}

/* What --listen says, and the sockets that a service manager passed on; without both, the default
 * address. */
static int open_listeners(struct listen_set *set, const struct cmdline *o, struct err *err)
{
	static const char *const standard[] = { "127.0.0.1:5000" };
	int passed = systemd_sockets(getenv("LISTEN_PID"), getenv("LISTEN_FDS"), err);

	if (passed < 0)
		return -1;
	for (int i = 0; i < passed; i++)
		if (listen_adopt(set, SYSTEMD_FIRST + i, err) < 0)
			return -1;
	if (!passed && !o->listen.n)
		return listen_open_all(set, standard, 1, err);
	return listen_open_all(set, o->listen.v, o->listen.n, err);
}

/* A certificate without effect: who gave it believes that connections are encrypted. */
static int check_tls_used(const struct listen_set *set, struct err *err)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].secure)
			return 0;
	if (!set->secure)
		return 0;
	return err_set(err, ERR_USAGE, 0,
		       "--tls-cert has no effect: all listeners are unix sockets, and those stay "
		       "plain");
}

static void release_server(struct server *s)
{
	tls_files_release(&s->tls);
	listen_set_release(&s->listeners);
}

/* Opens what --admin serves; nothing when it is not given. */
static int open_admin(const char *text, struct listen_set *set, struct err *err)
{
	if (!text || listen_open_all(set, &text, 1, err) == 0)
		return 0;
	return err->kind != ERR_USAGE
		       ? -1
		       : err_set(err, ERR_USAGE, 0,
				 "--admin \"%s\" is not ADDR:PORT, such as 127.0.0.1:9090", text);
}

/* Everything that is opened again after the start, and the sockets that are removed at the end. */
static void enter_sandbox(const struct cmdline *o, const struct server *s, const char *index)
{
	static const char *const roots[] = { "blobs/sha256", "blobs/sha512", ".mirror/tables" };
	struct sandbox_path v[2 * TLS_PAIRS + LISTEN_MAX + 16];
	char inner[sizeof(roots) / sizeof(roots[0])][PATH_MAX];
	size_t n = 0;

#define PATH(path, use) v[n++] = (struct sandbox_path){ path, use }
	PATH(o->mirror, SANDBOX_READ);
	PATH(index, SANDBOX_READ);
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		snprintf(inner[i], sizeof(inner[i]), "%s/%s", o->mirror, roots[i]);
		PATH(inner[i], SANDBOX_READ);
	}
	for (size_t i = 0; i < o->tls_certs.n; i++) {
		PATH(o->tls_certs.v[i], SANDBOX_READ);
		PATH(o->tls_keys.v[i], SANDBOX_READ);
	}
	PATH(o->client_ca, SANDBOX_READ);
	PATH(o->access.htpasswd, SANDBOX_READ);
	PATH(o->access.groups, SANDBOX_READ);
	PATH(o->access.token_key, SANDBOX_READ);
	PATH(o->access_log, SANDBOX_APPEND);
	PATH(o->misses, SANDBOX_REPLACE);
	for (size_t i = 0; i < s->listeners.n; i++)
		PATH(s->listeners.v[i].file.path, SANDBOX_REMOVE);
#undef PATH
	if (!o->no_sandbox)
		sandbox_enter(v, n);
}

/* Everything that can fail is done before "listening on" is printed. */
static int serve(const struct cmdline *o, struct err *err)
{
	cleanup_free char *index = xasprintf("%s/index.json", o->mirror);
	const struct state_source from = {
		.mirror = o->mirror, .index = index, .name = o->name, .tag = o->tag
	};
	const struct tls_options tls = { .certs = o->tls_certs.v,
					 .keys = o->tls_keys.v,
					 .n = o->tls_certs.n,
					 .client_ca = o->client_ca };
	cleanup_by(reload_release) struct reload reload = RELOAD_INIT;
	cleanup_by(admin_release) struct admin admin = { .n = 0 };
	cleanup_by(access_release) struct access access = ACCESS_INIT;
	cleanup_by(misses_release) struct misses misses = MISSES_INIT;
	cleanup_by(request_rates_release) struct request_rates rates = REQUEST_RATES_INIT;
	cleanup_by(address_counts_release) struct address_counts addresses = ADDRESS_COUNTS_INIT;
	cleanup_fd int notify = systemd_notify_open(getenv("NOTIFY_SOCKET")), access_log = -1;
	cleanup_by(release_server) struct server s = { .registry = o->host,
						       .list_snapshots = o->list_snapshots,
						       .no_catalog = o->no_catalog,
						       .no_index = o->no_index,
						       .listeners.max = most_connections(),
						       .notify = notify,
						       .reload = &reload,
						       .access = &access,
						       .misses = &misses,
						       .addresses = &addresses,
						       .rates = &rates };
	cleanup_by(release_server) struct server for_admin = { .registry = o->host,
							       .listeners.max = ADMIN_MAX,
							       .access_log = -1,
							       .notify = -1,
							       .reload = &reload,
							       .access = &access,
							       .admin = &admin };

	if (o->access_log && (access_log = access_log_open(o->access_log, err)) < 0)
		return -1;
	if (tls_files_init(&s.tls, &tls, err) < 0)
		return -1;
	s.listeners.secure = s.tls.tls != NULL;
	if (open_listeners(&s.listeners, o, err) < 0 || check_tls_used(&s.listeners, err) < 0 ||
	    open_admin(o->admin, &for_admin.listeners, err) < 0)
		return -1;
	/* before the first thread, and before what is read again is read */
	enter_sandbox(o, &s, index);
	if (access_init(&access, &o->access, err) < 0 || reload_init(&reload, &from, err) < 0 ||
	    misses_init(&misses, o->misses, err) < 0)
		return -1;
	s.access_log = access_log;
	s.access_log_path = o->access_log;
	s.log_format = (enum access_log_format)o->log_format;
	s.proxies = o->proxies;
	s.limits = for_admin.limits = o->limits;
	addresses.most = o->limits.per_address;
	rates.most = o->limits.per_second;
	if (o->limits.connections >= 0 && o->limits.connections < s.listeners.max)
		s.listeners.max = (int)o->limits.connections;
	admin_init(&admin, &s, o->mirror);
	return worker_pool_run(&s, (int)o->threads, o->admin ? &for_admin : NULL, err);
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct cmdline o;
	int result;

	message_init("mirror-serve");
	/* a state is replaced as a whole: its memory must be given back, not kept by the
	 * allocator */
	mallopt(M_MMAP_THRESHOLD, 64 * 1024);
	mallopt(M_ARENA_MAX, 2);
	signal(SIGPIPE, SIG_IGN);
	result = cmdline_read(&o, argc, argv, getenv("MIRROR_DIR"), &err);
	if (result > CLI_OPT_GO)
		return message_flush_output() < 0 ? EXIT_MIRROR : EXIT_OK;
	if (result == CLI_OPT_GO && serve(&o, &err) == 0)
		return EXIT_OK;
	message_err(&err);
	return err.kind == ERR_USAGE ? EXIT_USAGE : EXIT_MIRROR;
}
