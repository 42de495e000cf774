/*
 * access_log - the access log: one line a request, as the common log format has it, with the user agent.
 *
 *	127.0.0.1 - - [20/Nov/2026:08:15:00 +0000] "GET /v2/ HTTP/1.1" 200 3 "curl/7.88.1"
 *
 * Lines are collected and written by one write(2) to a file opened for appending, so that lines of
 * several threads do not mix. What a client sent cannot end a line or a quotation.
 */
#ifndef SERVE_ACCESS_LOG_H
#define SERVE_ACCESS_LOG_H

#include <stdint.h>

#include "oci/base/span.h"

struct buf;

#define ACCESS_PEER 48

struct access_log_line {
	struct span request; /* the request line */
	struct span agent;
	int status;
	int64_t bytes; /* of the body */
};

/* Appends a line. */
void access_log_add(struct buf *log, const char *peer, const struct access_log_line *line);
/* Writes what was collected; what cannot be written is dropped. */
void access_log_write(struct buf *log, int fd);

#endif
