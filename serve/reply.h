/*
 * reply - heads of replies, and error bodies.
 *
 *	reply_start(x, 200, length);			status line, common lines, Content-Length
 *	out_put(x->out, REPLY_LINE("Accept-Ranges: bytes")) ...
 *	reply_end(x);					the empty line
 *	... the body, unless reply_is_bare(x)
 */
#ifndef SERVE_REPLY_H
#define SERVE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/answer.h"

/* A line of a head as the two arguments of out_put(). */
#define REPLY_LINE(text) text "\r\n", sizeof(text "\r\n") - 1

struct object;

/* Writes the lines that are the same for every reply of a second and a state into out; gives their
 * length. */
#define REPLY_COMMON 512
size_t reply_common(char out[static REPLY_COMMON], const struct state *s);

/* length is the value of Content-Length, in bytes, also of a reply to HEAD, which has no body; -1
 * leaves the field out. */
void reply_start(struct exchange *x, int status, int64_t length);
void reply_end(struct exchange *x);

/* "name: value". */
void reply_field(struct exchange *x, const char *name, const char *value);
/* Docker-Content-Digest and ETag. */
void reply_digest(struct exchange *x, const char *digest);

/* Whether the reply must have no body: a reply to HEAD, and a 304. */
bool reply_is_bare(const struct exchange *x);

/* The statuses that are sent, by row: fewer than REPLY_STATUSES. A status without a row is sent as
 * 500. Of a row that there is not, the code is 0. */
#define REPLY_STATUSES 32
size_t reply_status_row(int code);
int reply_status_code(size_t row);

/* A reply whose body is in x->out->text. */
void reply_text(struct exchange *x, int status, const char *media_type);

/* {"errors":[{"code":...,"message":...}]}: distribution-spec, "Error Codes". */
void reply_error(struct exchange *x, int status, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), cold));
/* 429: the client may ask again in a second. words: one sentence, for its user. */
void reply_too_many(struct exchange *x, const char *words) __attribute__((cold));
/* 503: out of descriptors or memory for a moment. The client may retry, or ask its next mirror. */
void reply_busy(struct exchange *x) __attribute__((cold));

#endif
