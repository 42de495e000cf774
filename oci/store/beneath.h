/*
 * beneath - opens the records of a mirror for reading: index.json and what is in .mirror, and never
 * a file elsewhere.
 *
 * The mirror itself and its .mirror may be symbolic links: they are the roots. Below them a link is
 * followed only as far as it stays beneath its root, and never one of /proc ("magic links",
 * openat2(2), RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS). So nobody who can write a name into a
 * mirror, such as a copy program that keeps links, makes a program read what is outside of it.
 * Blobs have a stricter rule of their own: blob_file.h.
 *
 * Where the kernel has no openat2() (before Linux 5.6), or a sandbox does not let it through, files
 * are opened by openat(), which follows links.
 */
#ifndef OCI_STORE_BENEATH_H
#define OCI_STORE_BENEATH_H

struct buf;
struct err;

/* Opens a path below the mirror's directory for reading, without a wait for a FIFO. `flags` are
 * further ones of openat(): O_NOFOLLOW, or 0. Gives the descriptor, or -1 with errno: EXDEV for a
 * path that leads out. */
int beneath_open(int root, const char *path, int flags);
/* The error of beneath_open() in words. NOTFOUND, INVALID for a path that leads out, IO. */
int beneath_failed(const char *path, struct err *err);

/* file_read() of a path below the mirror's directory. */
int beneath_read(int root, const char *path, struct buf *out, struct err *err);

#endif
