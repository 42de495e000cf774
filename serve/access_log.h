/*
 * access_log - the access log: one line per request, in one of three formats.
 *
 *	common    127.0.0.1 - - [20/Nov/2026:08:15:00 +0000] "GET /v2/ HTTP/1.1" 200 3 "curl/8"
 *	          "mirror:5000" "quay.io": the common log format, then user agent, Host, namespace
 *	combined  the same with "-" for the referrer in front of the user agent
 *	json      {"time":"2026-11-20T08:15:00Z","peer":"127.0.0.1","user":null,"method":"GET",
 *	          "path":"/v2/","host":"mirror:5000","ns":"quay.io","status":200,"bytes":3,
 *	          "milliseconds":0.071,"digest":null,"agent":"curl/7.88.1","tls":null}
 *
 * Each is one line, whatever a client sent: in the first two, bytes other than visible ASCII are
 * \xNN; a json line is valid JSON in UTF-8 (buf_add_json()). Lines are collected and written with
 * one write(2) to a file opened for appending, so that lines of several threads do not mix: each
 * thread has an access log of its own, all on one descriptor.
 */
#ifndef SERVE_ACCESS_LOG_H
#define SERVE_ACCESS_LOG_H

#include <stdint.h>

#include "oci/base/buf.h"
#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/image/digest.h"

struct err;

#define ACCESS_LOG_PEER 48 /* room for a client's address as text */

enum access_log_format { ACCESS_LOG_COMMON, ACCESS_LOG_COMBINED, ACCESS_LOG_JSON };

/* Their names, in this order; NULL ends them. */
extern const char *const access_log_formats[];

struct access_log {
	int fd; /* -1: no log is kept, and nothing is collected */
	enum access_log_format format;
	struct buf lines; /* not yet written */
};

struct access_log_line {
	struct span request; /* the request line */
	struct span agent;
	struct span host;
	char ns[LIMIT_NAME + 1];     /* the namespace that was asked for, or "" */
	char digest[DIGEST_MAX + 1]; /* of the content in the reply, or "" */
	char user[LIMIT_USER + 1];   /* a user's name, or "" */
	const char *tls;             /* the version of TLS, or NULL */
	int status;
	int64_t bytes; /* of the body */
	int64_t asked; /* when the request was read; clock_now() */
};

/* Opens the file for appending, and makes it if there is none. Gives a descriptor, which the caller
 * closes, or -1 with IO. */
int access_log_open(const char *path, struct err *err);
/* Opens the path anew behind the same descriptor, for all threads at once: after a log was moved
 * away. -1 with IO: the descriptor is as it was. */
int access_log_reopen(int fd, const char *path, struct err *err);

/* fd is lent: the log does not close it. */
void access_log_init(struct access_log *log, int fd, enum access_log_format format);
void access_log_release(struct access_log *log);

/* Appends a line; writes what was collected once it is large. */
void access_log_add(struct access_log *log, const char *peer, const struct access_log_line *line);
/* Writes what was collected; what cannot be written is dropped. */
void access_log_flush(struct access_log *log);

#endif
