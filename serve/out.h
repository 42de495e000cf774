/*
 * out - the send queue of one connection: heads, lent bytes, and ranges of a file.
 *
 * Replies are queued piece by piece and sent together, so a batch of pipelined requests costs one
 * system call. A reply with a file, or with a text made for it, ends the batch: out_ready() says
 * whether another reply may be queued. This is the only module that writes to a connection.
 *
 *	out_put(o, "HTTP/1.1 200 OK\r\n", 17) ...	the head, in o->heads
 *	out_cut(o)					ends the head
 *	out_lend(o, p, n)  or  out_file(o, fd, at, n)	the body
 *	or  out_parts(o, fd, m)
 *	while (out_flush(o, sock) == OUT_BLOCKED) wait until it can be written
 */
#ifndef SERVE_OUT_H
#define SERVE_OUT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

#include "oci/base/buf.h"
#include "serve/multipart.h"
#include "serve/page_cache.h"
#include "serve/transport.h"

#define OUT_HEAD   1536 /* no head is longer: everything that goes into one is bounded */
#define OUT_HEADS  8192
#define OUT_PIECES 32
#define OUT_REPLY  4 /* pieces one reply needs at most */

struct out {
	struct tls_conn *tls; /* what the bytes go through, lent; or NULL */
	struct iovec v[OUT_PIECES];
	unsigned first, n;  /* pieces not yet sent */
	size_t used, start; /* of heads: bytes used; where the head being written starts */
	int file;           /* sent after all pieces; -1: none */
	off_t at;
	int64_t left;
	struct multipart *parts; /* of the file, that come after `left`; or NULL */
	uint64_t sent;           /* bytes that the socket took; the owner sets it back */
	bool has_text;           /* text, or the page, is part of what is queued */
	struct page *page;       /* it lends bytes to what is queued, or NULL */
	struct buf text;         /* a body made for one reply */
	char heads[OUT_HEADS];
};

void out_init(struct out *o);
void out_release(struct out *o);

static inline bool out_ready(const struct out *o)
{
	return o->file < 0 && !o->has_text && o->n + OUT_REPLY <= OUT_PIECES &&
	       o->used + OUT_HEAD <= OUT_HEADS;
}

static inline bool out_empty(const struct out *o)
{
	return o->n == 0 && o->file < 0;
}

static inline void out_put(struct out *o, const char *p, size_t n)
{
	assert(n <= OUT_HEADS - o->used);
	memcpy(o->heads + o->used, p, n);
	o->used += n;
}

static inline void out_puts(struct out *o, const char *s)
{
	out_put(o, s, strlen(s));
}

void out_number(struct out *o, int64_t n);

/* Ends the head, or a part of it, and queues it. */
void out_cut(struct out *o);
/* Queues bytes, which must live until they are sent. */
void out_lend(struct out *o, const char *p, size_t n);
/* Queues n bytes of the file from position at; takes fd. */
void out_file(struct out *o, int fd, int64_t at, int64_t n);
/* Queues a body of several ranges of the file; takes fd and m. */
void out_parts(struct out *o, int fd, struct multipart *m);

/* Bytes of the body from a file that are not sent yet. */
int64_t out_unsent(const struct out *o);

enum out_result {
	OUT_DONE,    /* all is sent; the queue is empty */
	OUT_BLOCKED, /* call again when the socket can be written */
	OUT_BROKEN,  /* the client is gone: close the connection */
	OUT_FILE,    /* the file cannot be read (errno; 0: it became shorter): the same */
};

/* Sends what the socket takes. */
enum out_result out_flush(struct out *o, int sock);

#endif
