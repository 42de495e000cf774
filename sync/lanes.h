/*
 * lanes - the targets that are still to be worked on, one queue for each upstream host.
 *
 * Each host has a fixed number of targets in work at once, so a slow host delays no other.
 */
#ifndef SYNC_LANES_H
#define SYNC_LANES_H

#include <stddef.h>

struct target;

struct lane {
	char *host;
	struct target **waiting; /* lent */
	size_t n, cap;
	size_t next;   /* waiting[next] is started next; those before it have been */
	size_t active; /* targets in work */
};

struct lanes {
	struct lane **v; /* a lane never moves: jobs point at it */
	size_t n, cap;
};

/* Appends a target to the lane of its source's host. */
void lanes_add(struct lanes *lanes, struct target *t);

/* Sorts the waiting targets: the one that was checked longest ago comes first, so that interrupted
 * runs get through all of the lists in turn; equally old ones keep the lists' order. */
void lanes_sort(struct lanes *lanes);

void lanes_release(struct lanes *lanes);

#endif
