/*
 * http - requests over the wire, many at once, on one thread (RFC 9110; HTTP/1.1, and HTTP/2 over TLS where it
 * is offered).
 *
 * One request, one answer: no redirects, no credentials, no retries and no meaning; those are decided by whoever
 * calls. Connections and request handles are kept and used again. Calling order:
 *
 *	call.url = ...; call.head = ...; call.data = ...; call.done = ...;
 *	http_send(h, &call)	the call and all it points at stay until done()
 *	http_turn(h, NULL, 0, 1000) ...	head(), then data() any number of times, then done(), exactly once
 *
 * The address of a server is judged before a byte is sent to it (see oci/http/origin.h). The environment is not
 * looked at: proxies and CAs come in by options.
 */
#ifndef OCI_HTTP_HTTP_H
#define OCI_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"
#include "oci/http/net_options.h"
#include "oci/http/origin.h"

struct err;
struct http;

/* The options are copied, their texts lent for the life of the loop. tls_advice, lent likewise, is put behind the error
 * about a host that does not speak TLS; or NULL. IO when libcurl does not start. */
struct http *http_new(const struct net_options *o, const char *tls_advice, struct err *err);
void http_free(struct http *h);

/* What one host's TLS needs beyond the system's. Lent. */
struct http_tls {
	struct span ca;   /* certificates as PEM, added to the system's */
	const char *cert; /* files, or NULL */
	const char *key;
};

enum http_method { HTTP_HEAD, HTTP_GET, HTTP_POST };

enum http_result {
	HTTP_DONE,  /* the answer is whole; its status may be anything */
	HTTP_FAULT, /* the network or the far end failed: another time it may work */
	HTTP_REFUSED, /* it will not work another time either: a certificate, an address not allowed */
	HTTP_ENDED, /* head() or data() ended it */
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
	enum origin_zone zone; /* the nearest address it may be sent to */
	void *arg;
	/* Status and headers are here; -1, with *err, ends the transfer. */
	int (*head)(struct http_call *c, struct err *err);
	int (*data)(struct http_call *c, const char *p, size_t n, struct err *err);
	/* err is NULL when result is HTTP_DONE. The call may be sent again. */
	void (*done)(struct http_call *c, enum http_result result, const struct err *err);

	/* by the loop */
	long status;         /* 0 before the answer */
	struct span headers; /* valid until done() returns */
	enum origin_zone
		zone_reached; /* of the address it was sent to; what url says, behind a proxy */
	struct http_transfer *transfer;
};

/* Starts the request; done() comes from http_turn(), never from here. */
void http_send(struct http *h, struct http_call *c);
/* Gives the request up; done() is not called. Not from head() or data(). */
void http_cancel(struct http *h, struct http_call *c);

/* Moves whatever can move; when nothing ended, waits up to timeout_ms for something to happen, or for one of n other
 * descriptors to become readable. */
int http_turn(struct http *h, const int *others, size_t n, int timeout_ms, struct err *err);
#define HTTP_OTHERS 64 /* at most */

/* Ends the wait of an http_turn(), this one or the next; from any thread. Takes the struct http. */
void http_wake(void *h);

/* The value of the nth header of that name (0 is the first), without blanks around it; p is NULL when there is
 * none. */
struct span http_header(const struct http_call *c, const char *name, size_t nth);

#endif
