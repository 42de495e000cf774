/*
 * server - what the threads of mirror-serve share.
 *
 *	main      signals, inotify: reloads, stops              worker_pool.c, reload.c
 *	worker    one epoll of connections each; all of them    worker.c, conn.c
 *	          accept from every listening socket
 *	admin     a worker with a server and a listener of      admin.c
 *	          its own, which tells about the other server
 *
 * A request is read (http_request.h), its path is routed (route.h), the repository is found
 * (repository_names.h, state.h), and a reply is queued (answer.h, reply.h, out.h).
 */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "serve/access_log.h"
#include "serve/limits.h"
#include "serve/listen.h"
#include "serve/tls_files.h"
#include "serve/trusted_proxy.h"

struct admin;
struct access;
struct misses;
struct reload;

struct server {
	const char *registry; /* where a name without a host is looked for, "docker.io" */
	bool list_snapshots;
	bool no_catalog, no_index; /* what is switched off is answered 404 */
	struct listen_set listeners;
	struct tls_files tls; /* certificates, or none */
	int access_log;       /* or -1 */
	enum access_log_format log_format;
	const char *access_log_path;
	struct trusted_proxies proxies;
	struct limits limits;
	_Atomic int64_t drained; /* while stopping: when what is under way is cut off */
	int notify;              /* from systemd_notify_open(), or -1 */
	struct reload *reload;   /* has the current state */
	struct access *access;   /* has the current users; some servers have none */
	struct misses *misses;   /* what is asked for and not here; or NULL */
	atomic_bool stopping;    /* workers send the replies under way, then end */
	struct admin *admin;     /* it serves --admin and no images; else NULL */
};

#endif
