/*
 * scratch - directories that are removed at the end of a run, in /tmp; and a store in one.
 */
#ifndef SYNC_SCRATCH_H
#define SYNC_SCRATCH_H

struct err;
struct layout;

/* An empty directory; the caller frees its name. NULL with *err. */
char *scratch_directory(struct err *err);
/* Removes a file, or a directory with all that is below it; following no links. One that is not
 * there is fine. */
void scratch_remove_tree(const char *path);

int scratch_open(struct layout *l, struct err *err);
/* Closes it and removes its files; nothing happens to one that was never opened. */
void scratch_remove(struct layout *l);

#endif
