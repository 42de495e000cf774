/*
 * answer - the reply to one request, queued on its connection.
 *
 * What is promised to clients (distribution-spec; RFC 9110): stored bytes as they are, whatever Accept
 * says, never encoded; their digest as Docker-Content-Digest and ETag; an exact Content-Length; 404 for
 * what is not there and an error before the first byte for what is not whole.
 */
#ifndef SERVE_ANSWER_H
#define SERVE_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/base/span.h"
#include "serve/repository_names.h"
#include "serve/route.h"

struct out;
struct repository;
struct http_request;
struct server;
struct state;

/* A request and what is found out about it on the way to its reply. */
struct exchange {
	/* given */
	const struct server *server;
	struct state *state;
	const struct http_request *request;
	struct out *out;    /* ready for a reply */
	struct span common; /* lines that every head has */
	bool last;          /* the connection is closed after this reply */
	/* found */
	struct route route;
	struct span ns; /* the namespace that was asked for, or empty */
	const struct repository *repository;
	const char *extra; /* one more line for the head of a text or an error, or NULL */
	int status;        /* of the reply */
	int64_t length;    /* of its body; 0 when none is sent */
	char host[LIMIT_NAME + 1];
	char scratch[LIMIT_REQUEST_LINE];
};

void answer(struct exchange *x);

/* Refuses what could not be read as a request; x->request need not be filled, x->last is set. */
void answer_unreadable(struct exchange *x, int status);

#endif
