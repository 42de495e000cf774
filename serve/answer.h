/*
 * answer - the reply to one request, queued on its connection.
 *
 * Clients can rely on this (distribution-spec; RFC 9110): stored bytes are sent unchanged, whatever
 * Accept says, and never encoded; their digest is in Docker-Content-Digest and ETag; Content-Length
 * is exact; missing content is answered with 404, and incomplete content with an error before its
 * first byte.
 *
 * answer() judges a request from top to bottom: its method, then the repository it means
 * (requested.h), then its route. Each route has a function: those of stored bytes find an object
 * and leave the reply to content.h; the others are listing.h, for_mirrors.h, login.h, ready.h and
 * admin.h. Errors are written by reply_error().
 */
#ifndef SERVE_ANSWER_H
#define SERVE_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/base/span.h"
#include "oci/image/digest.h"
#include "serve/asker.h"
#include "serve/repository_names.h"
#include "serve/route.h"

struct access_files;
struct out;
struct password_check;
struct repository;
struct http_request;
struct server;
struct state;
struct tls_conn;

/* A request, and what answer() finds out about it on the way to its reply. */
struct exchange {
	/* given */
	const struct server *server;
	struct state *state;
	const struct http_request *request;
	struct out *out;            /* ready for a reply */
	struct span common;         /* lines that every head has */
	bool last;                  /* the connection is closed after this reply */
	const struct tls_conn *tls; /* the client's server name and certificate; NULL: plain */
	const char *peer;           /* the client's address as text */
	struct span body;           /* of a POST to a route that reads one, else empty */
	const char *refusal;        /* the answer is 429, with these words; or NULL */
	/* who may read what; NULL, NULL and -1 in a server without users */
	const struct access_files *access;
	struct password_check *passwords;
	int wake; /* an eventfd: written to when a password that was pending is known */
	/* found */
	struct route route;
	struct asker asker; /* once something asks for more than what is public */
	bool pending;       /* nothing was answered: to be asked again when woken up */
	struct span ns;     /* the namespace the client asked for, or empty */
	const struct repository *repository;
	const char *extra;  /* one more line for the head of a text or an error, or NULL */
	const char *digest; /* of the content in the reply, or NULL */
	struct digest made; /* of a body that was made for this reply */
	int status;         /* of the reply */
	int64_t length;     /* of its body; 0 when none is sent */
	char host[LIMIT_NAME + 1];
	char scratch[LIMIT_REQUEST_LINE];
};

/* Queues the reply; the fields under "given" are filled in. Cannot fail: errors are replies, too.
 * When x->pending is set afterwards, nothing was queued: a password is being hashed. */
void answer(struct exchange *x);

/* Whether answer() wants the body of this request in x->body: a POST with a form. */
bool answer_reads_body(const struct http_request *r);

/* Answers bytes that could not be read as a request with this status; sets x->request and
 * x->last. */
void answer_unreadable(struct exchange *x, int status);

/* Answers plain HTTP on a listener for TLS (`secure`; x->request is what was asked), or TLS on one
 * for plain HTTP: 400, and which of the two is spoken here. */
void answer_misdirected(struct exchange *x, bool secure);

#endif
