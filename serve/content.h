/*
 * content - replies with stored bytes: a manifest from memory, a blob from its file; conditions
 * (RFC 9110, 13), ranges (RFC 9110, 14), and what is answered when the file is not what its
 * descriptor says.
 *
 * A file is opened and measured before the head of its reply is queued, so what is not whole is
 * answered with an error and never with half a body.
 */
#ifndef SERVE_CONTENT_H
#define SERVE_CONTENT_H

#include <stdbool.h>

struct exchange;
struct object;

/* The stored bytes that a request is answered with. */
struct content {
	const struct object *object;
	const char *media_type;
	const char *unknown; /* the error code when the file is not there */
	bool by_tag;
	bool ranges;
};

/* Each queues the reply. x->repository is the one that has the object. */
void content_manifest(struct exchange *x, const struct content *c);
void content_blob(struct exchange *x, const struct content *c);

#endif
