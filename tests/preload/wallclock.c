/*
 * wallclock - another wall clock for a program under test.
 *
 *	LD_PRELOAD=wallclock.so WALLCLOCK=FILE program
 *
 * FILE has a number of seconds that time(2) is ahead by; it is looked at in every call, so a
 * program that runs on sees each new number. The monotonic clock stays as it is.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* The file never gets shorter than this. */
#define SIZE 20

static const char *offset;

__attribute__((constructor)) static void map_offset(void)
{
	const char *path = getenv("WALLCLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	offset = p == MAP_FAILED ? NULL : p;
}

/* The C library names the parameter with underscores, which are its own. */
time_t time(time_t *out) /* NOLINT(readability-inconsistent-declaration-parameter-name) */
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (offset)
		now.tv_sec += strtol(offset, NULL, 10);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
