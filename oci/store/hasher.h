/*
 * hasher - the digest of a file that is still being written, computed by threads behind the writer.
 *
 * A few threads read what the writer has put into the file, while it is in the page cache, hash it
 * and ask the kernel to begin writing it to the disk. The event loop spends no time on either, and
 * the bytes that an earlier run left of a blob are hashed while the rest arrives. A small file is
 * hashed in the calling thread: handing it over would cost more.
 *
 *	v = hasher_begin(pool, fd, &want, size, have)	the file has `have` bytes already
 *	write(fd, p, n); hasher_add(v, p, n) ...	bytes once added do not change
 *	hasher_ready(v, tell, arg)			false: tell(arg) is called once it is
 *	hasher_end(v, &got, err)			waits until all is hashed; frees v
 *
 * The descriptor is lent until hasher_end() or hasher_drop(). One thread writes; the functions
 * below are all for that one.
 */
#ifndef OCI_STORE_HASHER_H
#define OCI_STORE_HASHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/image/digest.h"

struct err;

/* The threads. When none can be started, everything is hashed in the calling thread. */
struct hasher_pool;
struct hasher_pool *hasher_pool_new(void);
/* Every file has been ended or dropped. NULL does nothing. */
void hasher_pool_free(struct hasher_pool *pool);

struct hasher;
/* In the algorithm of `like`, for a file that will have `size` bytes. `pool` may be NULL. */
struct hasher *hasher_begin(struct hasher_pool *pool, int fd, const struct digest *like,
			    int64_t size, int64_t have);
/* The caller has appended these n bytes to the file. */
void hasher_add(struct hasher *v, const void *p, size_t n);
/* Whether all that was added is hashed. If not, tell(arg) is called once when it is, from another
 * thread, unless v is ended or dropped first. */
bool hasher_ready(struct hasher *v, void (*tell)(void *arg), void *arg);
/* The digest of all that was added. IO when the file could not be read back. */
int hasher_end(struct hasher *v, struct digest *got, struct err *err);
/* Stops hashing and frees v; waits at most for the piece that is being hashed. NULL does
 * nothing. */
void hasher_drop(struct hasher *v);

#endif
