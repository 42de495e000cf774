#include "oci/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "oci/base/span.h"

#undef err_set
#undef err_wrap
#undef err_sys

/* Control characters of ASCII, and U+0080 to U+009F: U+009B starts an escape sequence, too. */
static bool is_control(const char *s, size_t n)
{
	unsigned char c = (unsigned char)s[0];

	return n == 1 ? c < 0x20 || c == 0x7f : n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0;
}

/* Messages quote bytes of servers and are printed on terminals and in JSON reports. So no byte may
 * move a cursor, and all must be UTF-8, also at the place where a long message was cut. */
static void make_printable(char *s)
{
	for (size_t n; *s; s += n ? n : 1) {
		n = span_utf8(span_of(s, strnlen(s, 4)));
		if (!n || is_control(s, n))
			memset(s, '?', n ? n : 1);
	}
}

int err_set(struct err *err, enum err_kind kind, int sys, const char *fmt, ...)
{
	va_list ap;
	char msg[sizeof(err->msg)]; /* err->msg itself may be one of the arguments */

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	make_printable(msg);
	err->kind = kind;
	err->sys = sys;
	memcpy(err->msg, msg, sizeof(msg));
	return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	va_list ap;
	char context[sizeof(err->msg)], rest[sizeof(err->msg)];

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	memcpy(rest, err->msg, sizeof(rest));
	/* a message that is too long loses its tail, never its context */
	if (snprintf(err->msg, sizeof(err->msg), "%s: %s", context, rest) >= (int)sizeof(err->msg))
		memcpy(err->msg + sizeof(err->msg) - 4, "...", 4);
	make_printable(err->msg);
	return -1;
}

int err_sys(struct err *err, const char *what, const char *path)
{
	int no = errno;

	return err_set(err, no == ENOENT ? ERR_NOTFOUND : ERR_IO, no, "%s \"%s\": %s", what, path,
		       strerror(no));
}
