/*
 * blob_check - what is wrong with the file of one blob.
 *
 * Whether the file is there is blob_file_look()'s judgement, as for all programs; then its content
 * is read and hashed. Calls for different files may run in several threads.
 *
 *	blob_check_look(&c, &layout, "sha256:...")		there, and its size
 *	blob_check_rehash(&c, &layout, "sha256:...", &bytes)	also its content
 *	blob_check_read(&c, &layout, "sha256:...", &buf)	the same, and keeps what it read
 *
 * A blob is found right or wrong in itself. That its size is another one than a descriptor says is
 * for the caller to see, who has the descriptor: c->size.
 */
#ifndef PUBLISH_BLOB_CHECK_H
#define PUBLISH_BLOB_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "publish/damage.h"

struct buf;
struct layout;

struct blob_check {
	enum damage damage;
	char *text;     /* what is wrong, after the blob's name: "is missing"; owned; or NULL */
	int64_t size;   /* of the file, in bytes; -1: there is none */
	ino_t inode;    /* of the file; 0: there is none */
	time_t changed; /* when the file was last written to */
};

void blob_check_release(struct blob_check *c);

/* Each replaces *c. */
void blob_check_look(struct blob_check *c, const struct layout *l, const char *digest);
/* Adds what it reads to *bytes (NULL is fine), piece by piece: another thread may read the sum. */
void blob_check_rehash(struct blob_check *c, const struct layout *l, const char *digest,
		       uint64_t *bytes);
/* DAMAGE_DOCUMENT when the file is larger than the ceiling of out. */
void blob_check_read(struct blob_check *c, const struct layout *l, const char *digest,
		     struct buf *out);

/* Sets what is wrong. */
void blob_check_fail(struct blob_check *c, enum damage damage, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Opens the file and fills in all but its content; -1 when it is not there, which *c says. */
int blob_check_open(struct blob_check *c, const struct layout *l, const char *digest);

/* Whether another file is in its place than when *c was made, or one where there was none. */
bool blob_check_is_old(const struct blob_check *c, const struct layout *l, const char *digest);

#endif
