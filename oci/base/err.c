#include "oci/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "oci/base/printable.h"

#undef err_set
#undef err_wrap
#undef err_sys

int err_set(struct err *err, enum err_kind kind, int sys, const char *fmt, ...)
{
	va_list ap;
	char msg[sizeof(err->msg)]; /* err->msg itself may be one of the arguments */

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	/* also at the place where a long message was cut */
	printable_clean(msg);
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
	printable_clean(err->msg);
	return -1;
}

int err_sys(struct err *err, const char *what, const char *path)
{
	int no = errno;

	return err_set(err, no == ENOENT ? ERR_NOTFOUND : ERR_IO, no, "%s \"%s\": %s", what, path,
		       strerror(no));
}
