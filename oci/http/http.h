/*
 * http - many HTTP requests at once, on one thread (RFC 9110; HTTP/1.1, and HTTP/2 over TLS where
 * the server offers it).
 *
 * One request gives one response: redirects, credentials and retries are the caller's. Connections
 * and request handles are used again. Calling order:
 *
 *	call.url = ...; call.head = ...; call.data = ...; call.done = ...;
 *	http_send(h, &call)	the call and all it points to stay until done()
 *	http_turn(h, NULL, 0, 1000, &err) ...	head(), data() any number of times, done() once
 *
 * The address of a server is checked before a byte is sent to it (oci/http/origin.h). The
 * environment is not read: proxies and CAs come with the options.
 *
 * Each request has its limits of time: LIMIT_HEAD_SECONDS until its headers are there, a silence of
 * net_options.stall_seconds, and what the call says. A request that exceeds one is an HTTP_FAULT;
 * but a body that is complete needs no end of its answer, and is HTTP_DONE after a while.
 * Only time in which the loop waited for the network, and no call was held, counts.
 */
#ifndef OCI_HTTP_HTTP_H
#define OCI_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"
#include "oci/http/header.h"
#include "oci/http/net_options.h"
#include "oci/http/origin.h"
#include "oci/http/trouble.h"

struct err;
struct http;
struct pace;
struct time_budget;

/* The options are copied, their texts lent for the life of the loop. IO when libcurl fails. */
struct http *http_new(const struct net_options *o, struct err *err);
void http_free(struct http *h);

/* One host's own CAs and client certificate. Lent. */
struct http_tls {
	struct span ca;   /* certificates as PEM, added to the system's */
	const char *cert; /* files, or NULL */
	const char *key;
	bool unverified; /* any certificate is accepted */
};

enum http_method { HTTP_HEAD, HTTP_GET, HTTP_POST };

enum http_result {
	HTTP_DONE,    /* the response is whole; its status may be anything */
	HTTP_FAULT,   /* the network or the server failed: another try may succeed */
	HTTP_REFUSED, /* no try can succeed: a certificate, an address that is not allowed */
	HTTP_ENDED,   /* head() or data() gave -1 */
};

struct http_transfer;

struct http_call {
	/* by the caller */
	enum http_method method;
	const char *url;
	const char *accept;        /* header, or NULL */
	const char *authorization; /* header, or NULL */
	struct span body;          /* of a POST */
	const char *body_type;     /* NULL: application/x-www-form-urlencoded */
	int64_t from;              /* > 0: Range: bytes=<from>- */
	const struct http_tls *tls;
	enum origin_zone zone; /* of what sends us there */
	unsigned attempt;      /* for the trace; 0: the first */
	long seconds;      /* until the response is whole; 0: without end, as long as it moves */
	struct pace *pace; /* at least so fast, lent; or NULL */
	struct time_budget *budget; /* charged with its time, lent; or NULL */
	void *arg;
	/* Status and headers are here; -1, with *err, ends the transfer. */
	int (*head)(struct http_call *c, struct err *err);
	int (*data)(struct http_call *c, const char *p, size_t n, struct err *err);
	/* Whether what has come of the body is all of it, or all that is needed: asked now and
	 * then while the answer has not ended (LIMIT_TRAILERS_SECONDS); true ends it as whole. May
	 * be NULL. */
	bool (*is_enough)(struct http_call *c);
	/* err is NULL when result is HTTP_DONE. The call may be sent again. */
	void (*done)(struct http_call *c, enum http_result result, const struct err *err);

	/* by the loop */
	bool connected;      /* the request may have been sent */
	long status;         /* 0 before the response */
	struct span headers; /* valid until done() returns */
	/* Of the address it was sent to; behind a proxy, of the host in url. */
	enum origin_zone zone_reached;
	enum trouble trouble; /* when the result is HTTP_FAULT or HTTP_REFUSED */
	struct http_transfer *transfer;
};

/* Starts the request; done() comes from http_turn(), never from here. */
void http_send(struct http *h, struct http_call *c);
/* Drops the request without calling done(). Not to be called from head() or data(). */
void http_cancel(struct http *h, struct http_call *c);

/* Reads nothing more of the response's body, or goes on; also from data(). While any call is held,
 * the time counts against no call. */
void http_hold(struct http_call *c, bool hold);

/* Does what can be done without waiting. When no request ended, waits up to timeout_ms for an
 * event, or for one of n other descriptors to become readable. IO when libcurl fails. */
int http_turn(struct http *h, const int *others, size_t n, int timeout_ms, struct err *err);
#define HTTP_OTHERS 64 /* at most */

/* Ends the wait of the current or next http_turn(); from any thread. h is a struct http. */
void http_wake(void *h);

/* The value of the nth header of that name (0 is the first), without blanks around it; p is NULL
 * when there is none. */
static inline struct span http_header(const struct http_call *c, const char *name, size_t nth)
{
	return header_field(c->headers, name, nth);
}

#endif
