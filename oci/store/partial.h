/*
 * partial - where a writer keeps blobs that do not have their names yet: .mirror/partial.
 *
 * Two processes may write to one mirror at a time (a sync, and an import), and must never write to
 * one file. So the directory belongs to the process that has its lock; its files are named for
 * their digests, and the next run resumes them. A process that finds it locked works in a directory
 * of its own below it, other-<pid>-<n>, and empties and removes it at its end. The next owner
 * removes those of processes that died: locks end with their process, so a free lock says that it
 * did.
 *
 * A tag that moved, or a list line that was removed, leaves files that no run will ask for again.
 * So an owner begins by removing files that were not written to for LIMIT_PARTIAL_DAYS.
 */
#ifndef OCI_STORE_PARTIAL_H
#define OCI_STORE_PARTIAL_H

struct err;

struct partial {
	int dir;    /* the directory to work in; -1 until partial_open() */
	int lock;   /* its lock */
	int parent; /* .mirror/partial, when the directory is one of our own; else -1 */
	char *name; /* what it is called there, or NULL */
};

#define PARTIAL_INIT                                                                               \
	{                                                                                          \
		.dir = -1, .lock = -1, .parent = -1                                                \
	}

/* `root` is the mirror's directory handle, lent for the call. IO. */
int partial_open(struct partial *p, int root, struct err *err);
/* Closes it. .mirror/partial keeps its files for the next run; an other-<pid>-<n> is removed. */
void partial_close(struct partial *p);

#endif
