/*
 * progress - how far long work is, on stderr: images, or other units, done of all, bytes, rate, and
 * an estimate of the time left. On a terminal it is one line that is redrawn; elsewhere a line a
 * minute. Only programs call it.
 */
#ifndef OCI_CLI_PROGRESS_H
#define OCI_CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
	const char *unit;           /* what is counted: "blobs"; NULL: "images" */
	uint64_t bytes, bytes_left; /* bytes_left as far as it is known yet */
	size_t done, all;
	int64_t started; /* clock_now() */
};

/* To be called often: draws the line when it is due, at most ten times a second. Lines of
 * oci/cli/message.h take its place, and it is redrawn below them. */
void progress_show(const struct progress *p);
/* Erases the line for good. */
void progress_end(void);

#endif
