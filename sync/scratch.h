/*
 * scratch - a store that lives as long as a run, in the system's temporary directory.
 */
#ifndef SYNC_SCRATCH_H
#define SYNC_SCRATCH_H

struct err;
struct layout;

int scratch_open(struct layout *l, struct err *err);
/* Closes it and removes its files; nothing happens to one that was never opened. */
void scratch_remove(struct layout *l);

#endif
