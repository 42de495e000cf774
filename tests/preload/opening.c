/*
 * opening - something happens at the moment when a program under test opens a file for the first
 * time, before it is opened.
 *
 *	LD_PRELOAD=opening.so OPENING=NAME OPENING_RUN=COMMAND program
 *
 * NAME is the file's name as openat(2) gets it, below whatever directory. COMMAND is run by sh,
 * once, without this library; other threads wait meanwhile only where they open that file, too.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef int opener(int, const char *, int, ...);

static void run_once(const char *name)
{
	static int begun;
	const char *wanted = getenv("OPENING"), *command = getenv("OPENING_RUN");
	char line[8192];

	if (!wanted || !command || strcmp(name, wanted) != 0 ||
	    __atomic_exchange_n(&begun, 1, __ATOMIC_ACQ_REL))
		return;
	snprintf(line, sizeof(line), "unset LD_PRELOAD; %s", command);
	if (system(line) != 0) /* NOLINT(cert-env33-c,concurrency-mt-unsafe): the test's own */
		abort();
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int openat(int dir, const char *name, int flags, ...)
{
	opener *real = (opener *)dlsym(RTLD_NEXT, "openat");
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	run_once(name);
	return real(dir, name, flags, mode);
}
