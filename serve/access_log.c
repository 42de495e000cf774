#include "serve/access_log.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"

#define WRITE_AT  (64 * KIB)  /* collected lines are written when they are longer than this */
#define LINES_MAX (256 * KIB) /* more than WRITE_AT and a line: a head, six bytes for each of it */

const char *const access_log_formats[] = { [ACCESS_LOG_COMMON] = "common",
					   [ACCESS_LOG_COMBINED] = "combined",
					   [ACCESS_LOG_JSON] = "json",
					   NULL };

int access_log_open(const char *path, struct err *err)
{
	/* O_NONBLOCK: a FIFO without a reader is an error, and no wait; writing may wait */
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);

	if (fd < 0)
		return err_sys(err, "cannot open", path);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

int access_log_reopen(int fd, const char *path, struct err *err)
{
	cleanup_fd int next = access_log_open(path, err);

	if (next < 0)
		return -1;
	return dup3(next, fd, O_CLOEXEC) < 0 ? err_sys(err, "cannot open", path) : 0;
}

void access_log_init(struct access_log *log, int fd, enum access_log_format format)
{
	log->fd = fd;
	log->format = format;
	buf_init(&log->lines, LINES_MAX);
}

void access_log_release(struct access_log *log)
{
	buf_release(&log->lines);
}

static void add_quoted(struct buf *lines, struct span s)
{
	buf_addc(lines, '"');
	if (!s.n)
		buf_addc(lines, '-');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			buf_addf(lines, "\\x%02x", c);
		else
			buf_addc(lines, (char)c);
	}
	buf_addc(lines, '"');
}

/* A user's name is a word of a file that the operator wrote; a blank would shift the columns. */
static void add_user(struct buf *lines, const char *user)
{
	for (const char *p = user[0] ? user : "-"; *p; p++)
		buf_addc(lines, *p > ' ' && *p < 0x7f ? *p : '?');
}

static void add_common(struct access_log *log, const char *peer, const struct access_log_line *line)
{
	struct buf *lines = &log->lines;
	time_t now = clock_wall();
	char when[40];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%d/%b/%Y:%H:%M:%S +0000", &tm);
	buf_addf(lines, "%s - ", peer);
	add_user(lines, line->user);
	buf_addf(lines, " [%s] ", when);
	add_quoted(lines, line->request);
	buf_addf(lines, " %d %lld ", line->status, (long long)line->bytes);
	if (log->format == ACCESS_LOG_COMBINED)
		buf_adds(lines, "\"-\" ");
	add_quoted(lines, line->agent);
	buf_addc(lines, ' ');
	add_quoted(lines, line->host);
	buf_addc(lines, ' ');
	add_quoted(lines, span_str(line->ns));
}

/* Nothing is null. */
static void add_member(struct buf *lines, const char *name, struct span value)
{
	buf_addf(lines, ",\"%s\":", name);
	if (value.n)
		buf_add_json_span(lines, value);
	else
		buf_adds(lines, "null");
}

static void add_json(struct access_log *log, const char *peer, const struct access_log_line *line)
{
	struct span rest = line->request, method, path = span_of("", 0);
	struct buf *lines = &log->lines;
	char when[CLOCK_RFC3339];

	span_cut(&rest, ' ', &method);
	span_cut(&rest, ' ', &path);
	clock_rfc3339(clock_wall(), when);
	buf_addf(lines, "{\"time\":\"%s\"", when);
	add_member(lines, "peer", span_str(peer));
	add_member(lines, "user", span_str(line->user));
	add_member(lines, "method", method);
	add_member(lines, "path", path);
	add_member(lines, "host", line->host);
	add_member(lines, "ns", span_str(line->ns));
	buf_addf(lines, ",\"status\":%d,\"bytes\":%lld,\"milliseconds\":%.3f", line->status,
		 (long long)line->bytes, (double)(clock_now() - line->asked) / (double)CLOCK_MS);
	add_member(lines, "digest", span_str(line->digest));
	add_member(lines, "agent", line->agent);
	add_member(lines, "tls", span_str(line->tls ? line->tls : ""));
	buf_addc(lines, '}');
}

void access_log_add(struct access_log *log, const char *peer, const struct access_log_line *line)
{
	if (log->fd < 0)
		return;
	switch (log->format) {
	case ACCESS_LOG_COMMON:
	case ACCESS_LOG_COMBINED: add_common(log, peer, line); break;
	case ACCESS_LOG_JSON: add_json(log, peer, line); break;
	}
	buf_addc(&log->lines, '\n');
	if (log->lines.n > WRITE_AT)
		access_log_flush(log);
}

void access_log_flush(struct access_log *log)
{
	struct err ignored;

	if (log->lines.n)
		file_write(log->fd, log->lines.p, log->lines.n, "the access log", &ignored);
	buf_clear(&log->lines);
}
