/*
 * trace - a file with every request and its answer, for the person who asks why a sync is slow or
 * refused. It has no secret: it can be shown to others.
 *
 * One exchange is a line, and below it, indented, the headers of the answer that matter:
 *
 *	2026-11-28T13:40:01.123Z GET https://host/v2/a status=200 bytes=87 ms=35 attempt=1
 *		Content-Type: application/json
 *		error: ...			when the answer did not come, or not whole
 *
 * Where they are known, auth= (the scheme) and proxy= follow. The time is that of sending; ms runs
 * until the end of the answer. What is written went through
 * oci/base/redact.h: of an Authorization the scheme alone, of URLs no userinfo, no fragment and no
 * value of a query but those that registries' lists and scopes have. Bodies and cookies are never
 * written. Passwords that were sent are remembered, and cut out wherever an answer repeats them.
 *
 *	trace_open()		before anything is done
 *	trace_write() ...
 *	trace_close()		tells whether all of it could be written
 */
#ifndef OCI_HTTP_TRACE_H
#define OCI_HTTP_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/base/err.h"
#include "oci/base/span.h"
#include "oci/base/strvec.h"

struct trace {
	int fd;                  /* -1: not open */
	const char *path;        /* lent */
	int64_t opened;          /* clock_now() */
	int64_t wall;            /* milliseconds since 1970 then */
	struct strvec passwords; /* owned; wiped by trace_close() */
	bool failed;             /* a write failed: nothing more is written */
	struct err why;
};

#define TRACE_INIT                                                                                 \
	{                                                                                          \
		.fd = -1, .passwords = STRVEC_INIT                                                 \
	}

/* A request, and what became of it. All lent. */
struct trace_exchange {
	const char *method, *url;
	const char *authorization; /* header, or NULL */
	struct span form;          /* body of a request for a token; never written */
	const char *proxy;         /* a URL, or NULL */
	unsigned attempt;          /* 1: the first */
	int64_t began, ended;      /* clock_now() */
	long status;               /* 0: no answer */
	struct span headers;
	uint64_t bytes;    /* of the body, as it came */
	const char *error; /* or NULL: the answer is whole */
};

/* Makes the file, or empties it; only its owner may read it. IO when it cannot be written, USAGE
 * when path is "-", a symbolic link or one of several names of a file (what stands elsewhere is not
 * emptied), or names what is no file. */
int trace_open(struct trace *t, const char *path, struct err *err);

/* Appends an exchange; trace_close() tells of an error. */
void trace_write(struct trace *t, const struct trace_exchange *x);

/* IO: the first write that failed; what came after it is not in the file. */
int trace_close(struct trace *t, struct err *err);

#endif
