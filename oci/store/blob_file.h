/*
 * blob_file - whether the file of a blob is there: the one judgement of all programs.
 *
 * A blob is there when its name is a regular file of exactly its size. A symbolic link in its place
 * is never followed: it could lead out of the mirror, and what it leads to can change. The
 * directory is one of the mirror's roots (blobs/sha256 or blobs/sha512): it may be reached through
 * a link, and was opened once.
 */
#ifndef OCI_STORE_BLOB_FILE_H
#define OCI_STORE_BLOB_FILE_H

#include <stdint.h>

enum blob_file {
	BLOB_FILE_HERE,
	BLOB_FILE_ABSENT,
	BLOB_FILE_LINK,    /* a symbolic link in its place */
	BLOB_FILE_NO_FILE, /* a directory, a FIFO, ... */
	BLOB_FILE_SIZE,    /* of another size */
	BLOB_FILE_DENIED,  /* this user may not look at it, or not read it */
	BLOB_FILE_BUSY,    /* no descriptor or memory left to look */
	BLOB_FILE_DISK,    /* the disk does not answer */
};

/*
 * Looks for the file `name` in the directory `dir` (a handle; -1: there is no such directory). size
 * -1 takes any. When fd is not NULL, the file is also opened for reading; the caller closes it.
 * *found (NULL is fine) gets the size of a regular file. errno says why for ABSENT, LINK, DENIED,
 * BUSY and DISK.
 */
enum blob_file blob_file_look(int dir, const char *name, int64_t size, int64_t *found, int *fd);

/* What is wrong, after the blob's name: "is missing"; "" for HERE. */
const char *blob_file_words(enum blob_file f);

#endif
