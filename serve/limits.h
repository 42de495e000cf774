/*
 * limits - what one client, or all of them, may take: the one table of --limit KEY=VALUE.
 *
 * No limit ends a transfer that makes progress, but that of `drain`, when the server is told to
 * end.
 */
#ifndef SERVE_LIMITS_H
#define SERVE_LIMITS_H

#include <stdint.h>

struct err;

/* Times are in nanoseconds. */
struct limits {
	int64_t connections; /* at a time; -1: as descriptors allow */
	int64_t per_address; /* connections of one address; -1: any number */
	int64_t per_second;  /* requests of one address; -1: any number */
	int64_t header;      /* for a whole head, from its first byte, or for the first one */
	int64_t idle;        /* between two requests */
	int64_t drain;       /* for the replies under way, after SIGTERM */
	unsigned given;      /* a bit for each row of the table that was read */
};

/* The values without --limit. */
void limits_init(struct limits *l);

/* Reads "KEY=VALUE", the value of --limit. -1 with USAGE, naming the keys or what is wrong; a
 * key that was read already is wrong. */
int limits_read(struct limits *l, const char *text, struct err *err);

#endif
