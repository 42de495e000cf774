#include "oci/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef err_set
#undef err_wrap
#undef err_sys

/* A stranger's bytes may stand in a message; none of them may move a terminal's cursor. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

int err_set(struct err *err, enum err_kind kind, int sys, const char *fmt, ...)
{
	va_list ap;
	char msg[sizeof(err->msg)]; /* an argument may be err->msg itself */

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
	make_printable(context);
	memcpy(rest, err->msg, sizeof(rest));
	/* a message that is too long loses its tail, never its context */
	if (snprintf(err->msg, sizeof(err->msg), "%s: %s", context, rest) >= (int)sizeof(err->msg))
		memcpy(err->msg + sizeof(err->msg) - 4, "...", 4);
	return -1;
}

int err_sys(struct err *err, const char *what, const char *path)
{
	int no = errno;

	return err_set(err, no == ENOENT ? ERR_NOTFOUND : ERR_IO, no, "%s \"%s\": %s", what, path,
		       strerror(no));
}
