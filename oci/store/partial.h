/*
 * partial - where a writer keeps blobs that do not have their names yet: .mirror/partial.
 *
 * Two processes may write to one mirror at a time (a sync, and an import), and must never write to
 * one file. So the directory belongs to whoever has its lock: files there are named for their digest
 * and are what the next run resumes. A process that finds it taken works in a directory of its own
 * below it, other-<pid>-<n>, emptied and removed when it is done; those of the dead are swept by the
 * next owner. Locks end with their process, so whose a directory is needs no age or pid to be decided.
 *
 * A tag that moved, or a line that was removed, leaves files that no run will ask for again. So an owner begins by
 * removing those that nothing was added to for LIMIT_PARTIAL_DAYS.
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

/* `root` is the mirror's directory handle. */
int partial_open(struct partial *p, int root, struct err *err);
/* What an owner leaves stays for the next run; a directory of our own goes. */
void partial_close(struct partial *p);

#endif
