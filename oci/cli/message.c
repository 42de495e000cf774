#include "oci/cli/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "oci/base/err.h"
#include "oci/base/printable.h"

static const char *program_name = "mirror";
static void (*before_line)(void);
static void (*after_line)(void);

/* Opened for reading only: writing to a descriptor that was closed fails as it did before. */
static void open_standard(void)
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
	open_standard();
	program_name = program;
}

void message_hooks(void (*before)(void), void (*after)(void))
{
	before_line = before;
	after_line = after;
}

/* One write for each line, so that the lines of several processes in one file do not mix. */
__attribute__((format(printf, 2, 0))) static void print_line(const char *kind, const char *fmt,
							     va_list ap)
{
	char text[2048];

	vsnprintf(text, sizeof(text), fmt, ap);
	printable_clean(text);
	if (before_line)
		before_line();
	fprintf(stderr, "%s: %s%s\n", program_name, kind, text);
	fflush(stderr);
	if (after_line)
		after_line();
}

void message_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line("", fmt, ap);
	va_end(ap);
}

void message_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line("warning: ", fmt, ap);
	va_end(ap);
}

void message_err(const struct err *err)
{
	message_line("%s", err->msg);
}

int message_flush_output(void)
{
	bool failed = ferror(stdout);
	const char *why = "";

	errno = 0;
	if (fflush(stdout) != 0) {
		failed = true;
		why = strerror(errno);
	}
	if (failed)
		message_line("cannot write to standard output%s%s", why[0] ? ": " : "", why);
	return failed ? -1 : 0;
}
