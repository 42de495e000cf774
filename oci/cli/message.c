#include "oci/cli/message.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "oci/base/err.h"

static const char *name = "mirror";
static void (*step_aside)(void);
static void (*come_back)(void);

/* Opened so that who writes to what was closed is told so, as before. */
static void keep_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd < STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

void message_init(const char *program)
{
	keep_standard();
	name = program;
}

void message_hooks(void (*before)(void), void (*after)(void))
{
	step_aside = before;
	come_back = after;
}

/* One write a line, so that lines of several processes into one file do not mix. */
__attribute__((format(printf, 2, 0))) static void print(const char *kind, const char *fmt,
							va_list ap)
{
	char text[2048];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (step_aside)
		step_aside();
	fprintf(stderr, "%s: %s%s\n", name, kind, text);
	fflush(stderr);
	if (come_back)
		come_back();
}

void message_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print("", fmt, ap);
	va_end(ap);
}

void message_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print("warning: ", fmt, ap);
	va_end(ap);
}

void message_err(const struct err *err)
{
	message_line("%s", err->msg);
}
