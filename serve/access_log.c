#include "serve/access_log.h"

#include <time.h>

#include "oci/base/buf.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"

static void add_quoted(struct buf *log, struct span s)
{
	buf_addc(log, '"');
	if (!s.n)
		buf_addc(log, '-');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			buf_addf(log, "\\x%02x", c);
		else
			buf_addc(log, (char)c);
	}
	buf_addc(log, '"');
}

void access_log_add(struct buf *log, const char *peer, const struct access_log_line *line)
{
	time_t now = clock_wall();
	char when[40];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%d/%b/%Y:%H:%M:%S +0000", &tm);
	buf_addf(log, "%s - - [%s] ", peer, when);
	add_quoted(log, line->request);
	buf_addf(log, " %d %lld ", line->status, (long long)line->bytes);
	add_quoted(log, line->agent);
	buf_addc(log, '\n');
}

void access_log_write(struct buf *log, int fd)
{
	struct err ignored;

	if (log->n && fd >= 0)
		file_write(fd, log->p, log->n, "the access log", &ignored);
	buf_clear(log);
}
