/*
 * layout - an OCI image layout directory (image-spec, image-layout.md): its blobs.
 *
 * The invariant of the store: a file under its blob name is whole and verified. A blob is written
 * under .mirror/partial, hashed (oci/store/hasher.h) and size-checked while it is written, made
 * durable, and only then renamed to blobs/<algorithm>/<hex>, mode 0444. Calling order of a writer:
 *
 *	layout_open(&l, path, LAYOUT_WRITE, err)         creates the directories and oci-layout
 *	b = layout_begin(&l, &digest, size, &have, err)  *have: bytes that an earlier run left
 *	layout_write(b, p, n, err) ...
 *	layout_finish(b, err)                            checks size and digest; now it is staged
 *	layout_commit(&l, err)                           one barrier (syncfs), then the renames
 *
 * Nothing that is only staged may be referred to by a published index: commit first. A process that
 * dies before layout_commit() leaves staged files and partial ones as resumable partials
 * (oci/store/partial.h keeps two writers apart). When the barrier (syncfs) fails, everything
 * written before it is dropped: how much of it the disk has is unknown, and reading it back would
 * only show the page cache.
 */
#ifndef OCI_STORE_LAYOUT_H
#define OCI_STORE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "oci/base/table.h"
#include "oci/image/digest.h"
#include "oci/store/blob_file.h"
#include "oci/store/partial.h"

struct buf;
struct err;
struct hasher_pool;

struct layout {
	int root;               /* directory handle */
	int blobs[2];           /* blobs/sha256 and blobs/sha512, opened once; -1 when missing */
	char *path;             /* as given, for messages */
	struct partial partial; /* opened by the first layout_begin() */
	struct table writing;   /* blobs begun, by digest */
	struct table staged;    /* finished, not yet committed, by digest */
	uint64_t staged_bytes;
	struct hasher_pool *hashers; /* made with the first blob */
	unsigned barriers_failed;
};

#define LAYOUT_INIT                                                                                \
	{                                                                                          \
		.root = -1, .blobs = { -1, -1 }, .partial = PARTIAL_INIT                           \
	}

enum layout_mode {
	LAYOUT_READ, /* any OCI layout */
	/* made when missing or empty; a directory that is neither empty nor a layout is refused */
	LAYOUT_WRITE,
};

/*
 * INVALID for a directory that is no layout, or one of another version. A writer adopts a layout
 * that another tool made: its blobs and entries stay. The mirror, its .mirror and blobs/<algorithm>
 * may be symbolic links; nothing below them is followed. INVALID also when a writer could not
 * rename a blob from .mirror/partial to its name, since they are on different file systems.
 */
int layout_open(struct layout *l, const char *path, enum layout_mode mode, struct err *err);
void layout_close(struct layout *l);

/* Whether a writer would make a new layout there: the path does not exist, or is an empty
 * directory. */
bool layout_is_new(const char *path);

/* Looks for the file of a committed blob. size -1 takes any; *found (NULL is fine) gets the size
 * of a regular file. */
enum blob_file layout_look(const struct layout *l, const struct digest *d, int64_t size,
			   int64_t *found);
/* Whether the blob is there (committed, or staged by this process) with exactly this size; size -1
 * takes any. A file of another size is not there. */
bool layout_has(const struct layout *l, const struct digest *d, int64_t size);

/* Opens a committed blob for reading and tells its size. NOTFOUND when it is absent,
 * INVALID when a link or something else is in its place. */
int layout_open_blob(const struct layout *l, const struct digest *d, int64_t *size,
		     struct err *err);

/* Reads a manifest or another small blob whole (committed or staged), up to out's ceiling, and
 * checks its digest: DIGEST when the disk holds something else. */
int layout_read(const struct layout *l, const struct digest *d, struct buf *out, struct err *err);

/* A blob being written. */
struct layout_blob;

/*
 * Begins the blob of that digest and size (bytes), or continues it: *have is how many bytes an
 * earlier run left; ask the upstream for the rest, which may be none. A partial longer than size is
 * discarded. A partial with wrong bytes shows in layout_finish(): after DIGEST with *have > 0, a
 * second try begins with nothing. A blob that is staged already has all its bytes. INVALID when
 * this process is writing the blob already; DIGEST when it is staged with another size.
 */
struct layout_blob *layout_begin(struct layout *l, const struct digest *d, int64_t size,
				 int64_t *have, struct err *err);
/* How many bytes of it an earlier run left, as far as can be told without reading them. */
int64_t layout_begun(struct layout *l, const struct digest *d, int64_t size);
/* Empties the blob, to be written from its first byte: the upstream sent the whole content. IO. */
int layout_restart(struct layout_blob *b, struct err *err);
/* DIGEST when it would grow past its size. */
int layout_write(struct layout_blob *b, const void *p, size_t n, struct err *err);
/* Bytes written so far, those of earlier runs included. */
int64_t layout_written(const struct layout_blob *b);
/* Whether layout_finish() would not wait for hashing. If it would, tell(arg) is called when hashing
 * is done, from another thread, unless the blob is finished or abandoned first. */
bool layout_ready(struct layout_blob *b, void (*tell)(void *arg), void *arg);
/* Checks size and digest, stages the blob, frees b in every case. DIGEST when the content is
 * another, IO when it cannot be read back; both remove the partial. */
int layout_finish(struct layout_blob *b, struct err *err);
/* Stops writing and keeps the partial for a later run; frees b. */
void layout_abandon(struct layout_blob *b);

/* layout_begin(), _write() and _finish() in one, for content in memory. */
int layout_put(struct layout *l, const struct digest *d, const void *p, size_t n, struct err *err);

/* A blob that was staged or begun may be given up, so that the disk has its room for others.
 * layout_keep() says of a staged one that something needs it; layout_drop() removes what nothing
 * needs, and leaves what is being written or has its name. */
void layout_keep(struct layout *l, const struct digest *d);
void layout_drop(struct layout *l, const struct digest *d);

/* How many blobs are staged; their bytes are in staged_bytes. */
static inline size_t layout_staged(const struct layout *l)
{
	return l->staged.n;
}

/* Makes everything staged durable (one syncfs) and gives it its blob name; syncs the directories.
 * When the barrier itself fails, what was staged is dropped and has to be fetched again. */
int layout_commit(struct layout *l, struct err *err);

/* How many bytes the file system has left for this user. IO. */
int layout_free_space(const struct layout *l, uint64_t *bytes, struct err *err);

#endif
