/*
 * opening - something happens at the moment when a program under test opens a file for the first
 * time, before it is opened.
 *
 *	LD_PRELOAD=opening.so OPENING=NAME OPENING_RUN=COMMAND program
 *
 * NAME is the file's name as openat(2) or openat2(2) gets it, below whatever directory. COMMAND is
 * run by sh, once, without this library; other threads wait meanwhile only where they open that
 * file, too.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

typedef int opener(int, const char *, int, ...);
typedef long caller(long, ...);

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

/* openat2(2) has no function of its own. All calls have room for six arguments. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
long syscall(long number, ...)
{
	caller *real = (caller *)dlsym(RTLD_NEXT, "syscall");
	long v[6];
	va_list ap;

	va_start(ap, number);
	for (size_t i = 0; i < 6; i++)
		v[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_openat2)
		run_once((const char *)v[1]); /* NOLINT(performance-no-int-to-ptr) */
	return real(number, v[0], v[1], v[2], v[3], v[4], v[5]);
}
