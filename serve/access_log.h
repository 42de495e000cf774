/*
 * access_log - the access log: one line per request, in the common log format plus the user agent.
 *
 *	127.0.0.1 - - [20/Nov/2026:08:15:00 +0000] "GET /v2/ HTTP/1.1" 200 3 "curl/7.88.1"
 *
 * Lines are collected and written with one write(2) to a file opened for appending, so that lines
 * of several threads do not mix: each thread has an access log of its own, all on one descriptor.
 * What a client sent cannot end a line or a quotation.
 */
#ifndef SERVE_ACCESS_LOG_H
#define SERVE_ACCESS_LOG_H

#include <stdint.h>

#include "oci/base/buf.h"
#include "oci/base/span.h"

#define ACCESS_LOG_PEER 48 /* room for a client's address as text */

struct access_log {
	int fd;           /* -1: no log is kept, and nothing is collected */
	struct buf lines; /* not yet written */
};

struct access_log_line {
	struct span request; /* the request line */
	struct span agent;
	int status;
	int64_t bytes; /* of the body */
};

/* fd is lent: the log does not close it. */
void access_log_init(struct access_log *log, int fd);
void access_log_release(struct access_log *log);

/* Appends a line; writes what was collected once it is large. */
void access_log_add(struct access_log *log, const char *peer, const struct access_log_line *line);
/* Writes what was collected; what cannot be written is dropped. */
void access_log_flush(struct access_log *log);

#endif
