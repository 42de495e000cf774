#include "serve/access_log.h"

#include <time.h>

#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"

#define WRITE_AT  (64 * KIB)  /* collected lines are written when they are longer than this */
#define LINES_MAX (256 * KIB) /* more than WRITE_AT and one line, which is shorter than two heads */

void access_log_init(struct access_log *log, int fd)
{
	log->fd = fd;
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

void access_log_add(struct access_log *log, const char *peer, const struct access_log_line *line)
{
	time_t now = clock_wall();
	char when[40];
	struct tm tm;

	if (log->fd < 0)
		return;
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%d/%b/%Y:%H:%M:%S +0000", &tm);
	buf_addf(&log->lines, "%s - - [%s] ", peer, when);
	add_quoted(&log->lines, line->request);
	buf_addf(&log->lines, " %d %lld ", line->status, (long long)line->bytes);
	add_quoted(&log->lines, line->agent);
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
