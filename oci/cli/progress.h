/*
 * progress - one line on a terminal's stderr that says how far long work is: bytes, rate, how many of
 * how many, and about how long it will take. Elsewhere it prints nothing. Only programs call it.
 */
#ifndef OCI_CLI_PROGRESS_H
#define OCI_CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
	uint64_t bytes, bytes_left; /* the latter as far as is known yet */
	size_t done, all;
	int64_t started; /* clock_now() */
};

/* Draws the line, at most ten times a second; lines of oci/cli/message.h make it step aside. */
void progress_show(const struct progress *p);
/* Takes the line away for good. */
void progress_end(void);

/* "3.2 MB": decimal units, as disks and networks have them. */
void progress_bytes(uint64_t bytes, char *out, size_t n);

#endif
