/*
 * server - what the threads of mirror-serve share.
 *
 *	main      signals, inotify: reloads, stops              worker_pool.c, reload.c
 *	worker    one epoll of connections each; all of them    worker.c, conn.c
 *	          accept from every listening socket
 *	admin     a worker with a server and a listener of      admin.c
 *	          its own, which tells about the other server
 *	hashing   passwords, so that no worker waits for one    password_check.c
 *
 * The way of a request, top to bottom:
 *
 *	its bytes arrive, plain or through TLS          conn.h, transport.h, tls.h
 *	index.json is looked at: is there a newer one?  reload.h, state_load.h
 *	the head is read, its path is routed            http_request.h, route.h
 *	the repository is found by the names it has     requested.h, repository_names.h
 *	who asks, and may they read it?                 asker.h, visible.h; login.h challenges
 *	a reply is queued: stored bytes, or a listing   answer.h, content.h, listing.h
 *	it is sent, logged and counted                  out.h, access_log.h, metrics.h
 *
 * Before the first request the process gives up what it does not need (sandbox.h).
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

struct access;
struct address_counts;
struct admin;
struct misses;
struct reload;
struct request_rates;

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
	struct address_counts *addresses; /* connections of each; or NULL */
	struct request_rates *rates;      /* requests of each; or NULL */
	_Atomic int64_t drained;          /* while stopping: when what is under way is cut off */
	int notify;                       /* from systemd_notify_open(), or -1 */
	struct reload *reload;            /* has the current state */
	struct access *access;            /* has the current users, if any */
	struct misses *misses;            /* what is asked for and not here; or NULL */
	atomic_bool stopping;             /* workers send the replies under way, then end */
	struct admin *admin;              /* it serves --admin and no images; else NULL */
};

#endif
