#include "oci/store/layout.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/store/hasher.h"
#include "oci/store/layout_marker.h"

#define GENERATIONS ".mirror/generations"

/* A finished blob that waits for the barrier in the partial directory. */
struct staged {
	struct digest digest;
	int64_t size;
	bool named; /* has its blob name: by a commit that failed further on */
	bool kept;  /* layout_drop() leaves it */
};

struct layout_blob {
	struct layout *layout;
	struct digest digest;
	char name[DIGEST_MAX + 1]; /* in the partial directory */
	int fd;                    /* -1: it is staged already */
	int64_t size, written;
	struct hasher *hasher;
	unsigned barriers_failed; /* when it was begun */
	bool broken;              /* a write failed: the file may hold more than was counted */
};

/* ---- opening ---- */

/* As err_sys(), but always of kind IO: while a mirror is written to, a missing file does not mean
 * that the mirror is absent. */
static int fail_io(struct err *err, const char *what, const char *path)
{
	err_sys(err, what, path);
	err->kind = ERR_IO;
	return -1;
}

bool layout_is_new(const char *path)
{
	return layout_marker_is_wanted(path);
}

static int make_dirs(const struct layout *l, struct err *err)
{
	static const char *const dirs[] = { "blobs/sha256", ".mirror/partial", GENERATIONS };
	static const char *const parents[] = { "blobs", ".mirror", "." };
	size_t there = 0;

	/* a copy or a backup lacks .mirror/partial */
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		there += faccessat(l->root, dirs[i], F_OK, 0) == 0;
	if (there == sizeof(dirs) / sizeof(dirs[0]))
		return 0;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (file_make_dirs(l->root, dirs[i], err) < 0)
			return -1;
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++)
		if (file_sync_dir(l->root, parents[i], err) < 0)
			return -1;
	return 0;
}

/* The algorithms' directories, in the order of layout.blobs. */
static const char *const blob_dirs[] = { "blobs/sha256", "blobs/sha512" };

static size_t algorithm_of(const struct digest *d)
{
	return span_starts(span_str(d->str), "sha512:");
}

/* A writer that keeps its partials elsewhere would fail only after the download. */
static int check_place(const struct layout *l, const char *blobs, struct err *err)
{
	bool same;

	if (file_same_mount(l->root, blobs, ".mirror/partial", &same, err) < 0)
		return -1;
	if (same)
		return 0;
	return err_set(err, ERR_INVALID, 0,
		       "%s and .mirror/partial are on different file systems, so no blob that was "
		       "fetched could be renamed to its name; put both on one (each may be a "
		       "symbolic link, and so may .mirror)",
		       blobs);
}

static int open_blobs(struct layout *l, enum layout_mode mode, struct err *err)
{
	for (size_t i = 0; i < 2; i++) {
		if (l->blobs[i] < 0)
			l->blobs[i] =
				openat(l->root, blob_dirs[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (l->blobs[i] < 0 && errno != ENOENT)
			return err_sys(err, "cannot open directory", blob_dirs[i]);
		if (l->blobs[i] >= 0 && mode == LAYOUT_WRITE &&
		    check_place(l, blob_dirs[i], err) < 0)
			return -1;
	}
	return 0;
}

static int open_root(struct layout *l, enum layout_mode mode, struct err *err)
{
	bool missing = faccessat(AT_FDCWD, l->path, F_OK, 0) < 0;

	if (mode == LAYOUT_WRITE && missing && file_make_dirs(AT_FDCWD, l->path, err) < 0)
		return -1;
	l->root = file_open_dir(AT_FDCWD, l->path, err);
	if (l->root < 0)
		return -1;
	if (layout_marker_check(l->root, mode == LAYOUT_WRITE, err) < 0 ||
	    (mode == LAYOUT_WRITE && make_dirs(l, err) < 0) || open_blobs(l, mode, err) < 0)
		return err_wrap(err, "%s", l->path);
	return 0;
}

int layout_open(struct layout *l, const char *path, enum layout_mode mode, struct err *err)
{
	*l = (struct layout)LAYOUT_INIT;
	if (!path[0])
		return err_set(err, ERR_USAGE, 0, "the mirror directory has an empty name");
	l->path = xstrdup(path);
	if (open_root(l, mode, err) < 0) {
		layout_close(l);
		return -1;
	}
	return 0;
}

static void forget_staged(struct layout *l)
{
	table_clear(&l->staged, free);
	l->staged_bytes = 0;
}

void layout_close(struct layout *l)
{
	assert(l->writing.n == 0); /* finish or abandon every blob first */
	forget_staged(l);
	table_release(&l->writing);
	hasher_pool_free(l->hashers);
	partial_close(&l->partial);
	for (size_t i = 0; i < 2; i++)
		cleanup_fd_(&l->blobs[i]);
	if (l->root >= 0)
		close(l->root);
	free(l->path);
	*l = (struct layout)LAYOUT_INIT;
}

int layout_free_space(const struct layout *l, uint64_t *bytes, struct err *err)
{
	struct statvfs st;

	if (fstatvfs(l->blobs[0] >= 0 ? l->blobs[0] : l->root, &st) < 0)
		return fail_io(err, "cannot ask for the room left in", l->path);
	*bytes = (uint64_t)st.f_bavail * st.f_frsize;
	return 0;
}

/* ---- reading ---- */

/* As blob_file_look(). blobs/sha512 may have been made by another process since the layout was
 * opened. */
static enum blob_file look_at(const struct layout *l, const char *path, int64_t size,
			      int64_t *found, size_t algorithm, int *fd)
{
	const char *name = strrchr(path, '/') + 1;
	cleanup_fd int late = -1;

	if (l->blobs[algorithm] >= 0)
		return blob_file_look(l->blobs[algorithm], name, size, found, fd);
	late = openat(l->root, blob_dirs[algorithm], O_PATH | O_DIRECTORY | O_CLOEXEC);
	return blob_file_look(late, name, size, found, fd);
}

enum blob_file layout_look(const struct layout *l, const struct digest *d, int64_t size,
			   int64_t *found)
{
	char path[DIGEST_PATH];

	digest_path(d, path);
	return look_at(l, path, size, found, algorithm_of(d), NULL);
}

bool layout_has(const struct layout *l, const struct digest *d, int64_t size)
{
	const struct staged *s = table_get(&l->staged, d->str);

	if (s)
		return size < 0 || s->size == size;
	return layout_look(l, d, size, NULL) == BLOB_FILE_HERE;
}

static int fail_look(enum blob_file f, const char *path, struct err *err)
{
	switch (f) {
	case BLOB_FILE_LINK:
	case BLOB_FILE_NO_FILE:
	case BLOB_FILE_SIZE:
		return err_set(err, ERR_INVALID, 0, "\"%s\" %s", path, blob_file_words(f));
	case BLOB_FILE_ABSENT:
	case BLOB_FILE_DENIED:
	case BLOB_FILE_BUSY:
	case BLOB_FILE_DISK:
	case BLOB_FILE_HERE: break;
	}
	return err_sys(err, "cannot open", path);
}

int layout_open_blob(const struct layout *l, const struct digest *d, int64_t *size, struct err *err)
{
	char path[DIGEST_PATH];
	enum blob_file f;
	int fd = -1;

	digest_path(d, path);
	f = look_at(l, path, -1, size, algorithm_of(d), &fd);
	if (f == BLOB_FILE_HERE)
		return fd;
	fail_look(f, path, err);
	return err_wrap(err, "%s", l->path);
}

/* Of a blob that has its name. */
static int read_committed(const struct layout *l, const struct digest *d, const char *path,
			  struct buf *out, struct err *err)
{
	cleanup_fd int fd = -1;
	enum blob_file f = look_at(l, path, -1, NULL, algorithm_of(d), &fd);

	buf_clear(out);
	return f == BLOB_FILE_HERE ? file_read_open(fd, path, out, err) : fail_look(f, path, err);
}

int layout_read(const struct layout *l, const struct digest *d, struct buf *out, struct err *err)
{
	const struct staged *s = table_get(&l->staged, d->str);
	bool partial = s && !s->named;
	char path[DIGEST_PATH], name[DIGEST_MAX + 1];
	struct digest got;

	digest_path(d, path);
	digest_name(d, name);
	if ((partial ? file_read(l->partial.dir, name, out, err)
		     : read_committed(l, d, path, out, err)) < 0)
		return err_wrap(err, "%s", l->path);
	digest_of(d, out->p, out->n, &got);
	if (!digest_eq(d, &got))
		return err_set(err, ERR_DIGEST, 0, "%s: \"%s\" holds %s", l->path, path, got.str);
	return 0;
}

/* ---- writing ---- */

static int open_partial(struct layout_blob *b, struct err *err)
{
	struct layout *l = b->layout;

	if (l->partial.dir < 0 && partial_open(&l->partial, l->root, err) < 0)
		return -1;
	b->fd = file_open_or_create(l->partial.dir, b->name, O_RDWR, 0644);
	/* read-only: staged by a run that died before layout_commit() */
	if (b->fd < 0 && errno == EACCES && fchmodat(l->partial.dir, b->name, 0644, 0) == 0)
		b->fd = file_open_or_create(l->partial.dir, b->name, O_RDWR, 0644);
	return b->fd < 0 ? fail_io(err, "cannot open partial", b->name) : 0;
}

/* Begins to hash the file, of which the first `have` bytes are there. */
static void hash_from(struct layout_blob *b, int64_t have)
{
	struct layout *l = b->layout;

	if (!l->hashers)
		l->hashers = hasher_pool_new();
	hasher_drop(b->hasher);
	b->hasher = hasher_begin(l->hashers, b->fd, &b->digest, b->size, have);
	b->written = have;
}

static int restart_partial(struct layout_blob *b, struct err *err)
{
	hasher_drop(take(b->hasher));
	if (ftruncate(b->fd, 0) < 0 || lseek(b->fd, 0, SEEK_SET) < 0)
		return fail_io(err, "cannot empty partial", b->name);
	hash_from(b, 0);
	b->broken = false;
	return 0;
}

/* Goes on after what an earlier run left, when that can be the beginning of this blob. */
static int resume_partial(struct layout_blob *b, struct err *err)
{
	struct stat st;

	if (fstat(b->fd, &st) < 0 || lseek(b->fd, 0, SEEK_END) < 0)
		return fail_io(err, "cannot look at partial", b->name);
	if (st.st_size > b->size)
		return restart_partial(b, err);
	hash_from(b, st.st_size);
	return 0;
}

int64_t layout_begun(struct layout *l, const struct digest *d, int64_t size)
{
	char name[DIGEST_MAX + 1];
	struct err ignored;
	struct stat st;

	if (l->partial.dir < 0 && partial_open(&l->partial, l->root, &ignored) < 0)
		return 0;
	digest_name(d, name);
	if (fstatat(l->partial.dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_size > size)
		return 0;
	return st.st_size;
}

static void free_blob(struct layout_blob *b)
{
	table_remove(&b->layout->writing, b->digest.str);
	hasher_drop(b->hasher);
	if (b->fd >= 0)
		close(b->fd);
	free(b);
}

static int check_begin(const struct layout *l, const struct staged *staged, const struct digest *d,
		       int64_t size, struct err *err)
{
	if (table_get(&l->writing, d->str))
		return err_set(err, ERR_INVALID, 0, "blob %s is being written already", d->str);
	if (staged && staged->size != size)
		return err_set(err, ERR_DIGEST, 0, "blob %s has %lld bytes, not %lld", d->str,
			       (long long)staged->size, (long long)size);
	return 0;
}

struct layout_blob *layout_begin(struct layout *l, const struct digest *d, int64_t size,
				 int64_t *have, struct err *err)
{
	const struct staged *staged = table_get(&l->staged, d->str);
	struct layout_blob *b;

	if (check_begin(l, staged, d, size, err) < 0)
		return NULL;
	b = xcalloc(1, sizeof(*b));
	*b = (struct layout_blob){ .layout = l, .digest = *d, .size = size, .fd = -1 };
	b->barriers_failed = l->barriers_failed;
	digest_name(d, b->name);
	table_put(&l->writing, b->digest.str, b);
	if (staged) {
		b->written = size;
	} else if (open_partial(b, err) < 0 || resume_partial(b, err) < 0) {
		err_wrap(err, "%s", l->path);
		free_blob(b);
		return NULL;
	}
	*have = b->written;
	return b;
}

int layout_restart(struct layout_blob *b, struct err *err)
{
	if (b->fd < 0)
		b->written = 0;
	else if (restart_partial(b, err) < 0)
		return err_wrap(err, "%s", b->layout->path);
	return 0;
}

int layout_write(struct layout_blob *b, const void *p, size_t n, struct err *err)
{
	if ((uint64_t)n > (uint64_t)(b->size - b->written))
		return err_set(err, ERR_DIGEST, 0, "blob %s goes on after its %lld bytes",
			       b->digest.str, (long long)b->size);
	if (b->fd < 0 || n == 0) { /* what is staged needs no writing */
		b->written += (int64_t)n;
		return 0;
	}
	if (file_write(b->fd, p, n, b->name, err) < 0) {
		b->broken = true;
		return err_wrap(err, "%s", b->layout->path);
	}
	hasher_add(b->hasher, p, n);
	b->written += (int64_t)n;
	return 0;
}

int64_t layout_written(const struct layout_blob *b)
{
	return b->written;
}

/* Bytes written before a barrier failed may be in the cache and nowhere else. */
static bool is_doubtful(const struct layout_blob *b)
{
	return b->barriers_failed != b->layout->barriers_failed;
}

/* Removes the partial, so that the next writer of this blob begins with nothing. */
static void discard_partial(const struct layout_blob *b)
{
	unlinkat(b->layout->partial.dir, b->name, 0);
}

static int check_blob(struct layout_blob *b, struct err *err)
{
	struct digest got;

	if (b->broken || is_doubtful(b))
		return err_set(err, ERR_IO, EIO,
			       "%s: blob %s: the disk failed while it was written", b->layout->path,
			       b->digest.str);
	if (b->written < b->size)
		return err_set(err, ERR_DIGEST, 0, "blob %s ends after %lld of %lld bytes",
			       b->digest.str, (long long)b->written, (long long)b->size);
	if (hasher_end(take(b->hasher), &got, err) < 0) {
		discard_partial(b); /* it would not be read another time either */
		return err_wrap(err, "%s: blob %s", b->layout->path, b->digest.str);
	}
	if (digest_eq(&got, &b->digest))
		return 0;
	return err_set(err, ERR_DIGEST, 0, "blob %s is not what it says: its content is %s",
		       b->digest.str, got.str);
}

static int stage_blob(struct layout_blob *b, struct err *err)
{
	struct layout *l = b->layout;
	struct staged *s;

	/* some file systems report a full disk only when a file is closed */
	if (file_set_mode(b->fd, l->root, "blobs/", 0444) < 0 || close(take_fd(&b->fd)) < 0) {
		fail_io(err, "cannot finish partial", b->name);
		return err_wrap(err, "%s", l->path);
	}
	s = xcalloc(1, sizeof(*s));
	*s = (struct staged){ .digest = b->digest, .size = b->size };
	table_put(&l->staged, s->digest.str, s);
	l->staged_bytes += (uint64_t)s->size;
	return 0;
}

bool layout_ready(struct layout_blob *b, void (*tell)(void *arg), void *arg)
{
	return b->fd < 0 || hasher_ready(b->hasher, tell, arg);
}

int layout_finish(struct layout_blob *b, struct err *err)
{
	int r = 0;

	if (b->fd >= 0) {
		r = check_blob(b, err);
		if (r < 0 && err->kind == ERR_DIGEST)
			discard_partial(b);
		else if (r == 0)
			r = stage_blob(b, err);
	}
	free_blob(b);
	return r;
}

void layout_abandon(struct layout_blob *b)
{
	if (b->fd >= 0 && (b->written == 0 || is_doubtful(b)))
		discard_partial(b);
	free_blob(b);
}

int layout_put(struct layout *l, const struct digest *d, const void *p, size_t n, struct err *err)
{
	int64_t have;
	struct layout_blob *b = layout_begin(l, d, (int64_t)n, &have, err);

	if (!b)
		return -1;
	/* what an earlier run left may be wrong, and would have to be read: it is written again */
	if ((have > 0 && layout_restart(b, err) < 0) || layout_write(b, p, n, err) < 0) {
		layout_abandon(b);
		return -1;
	}
	return layout_finish(b, err);
}

/* ---- giving up ---- */

void layout_keep(struct layout *l, const struct digest *d)
{
	struct staged *s = table_get(&l->staged, d->str);

	if (s)
		s->kept = true;
}

void layout_drop(struct layout *l, const struct digest *d)
{
	struct staged *s = table_get(&l->staged, d->str);
	char name[DIGEST_MAX + 1];

	if (l->partial.dir < 0 || table_get(&l->writing, d->str) || (s && (s->named || s->kept)))
		return;
	digest_name(d, name);
	unlinkat(l->partial.dir, name, 0);
	if (!s)
		return;
	l->staged_bytes -= (uint64_t)s->size;
	table_remove(&l->staged, d->str);
	free(s);
}

/* ---- committing ---- */

static void drop_staged(struct layout *l)
{
	char name[DIGEST_MAX + 1];
	const struct staged *s;

	for (size_t at = 0; (s = table_next(&l->staged, &at));) {
		digest_name(&s->digest, name);
		unlinkat(l->partial.dir, name, 0);
	}
	forget_staged(l);
}

static int sync_staged(struct layout *l, struct err *err)
{
	if (syncfs(l->partial.dir) == 0)
		return 0;
	err_set(err, ERR_IO, errno, "cannot make %zu blobs durable: %s", l->staged.n,
		strerror(errno));
	l->barriers_failed++;
	drop_staged(l);
	return -1;
}

static int give_name(struct layout *l, struct staged *s, struct err *err)
{
	char name[DIGEST_MAX + 1], path[DIGEST_PATH];

	digest_name(&s->digest, name);
	digest_path(&s->digest, path);
	if (!s->named && renameat(l->partial.dir, name, l->root, path) < 0)
		return fail_io(err, "cannot commit", path);
	s->named = true;
	return 0;
}

static int give_names(struct layout *l, struct err *err)
{
	bool sha512 = false;
	struct staged *s;

	for (size_t at = 0; (s = table_next(&l->staged, &at));) {
		if (!sha512 && span_starts(span_str(s->digest.str), "sha512:")) {
			sha512 = true;
			if (file_make_dirs(l->root, "blobs/sha512", err) < 0 ||
			    file_sync_dir(l->root, "blobs", err) < 0)
				return -1;
		}
		if (give_name(l, s, err) < 0)
			return -1;
	}
	if (sha512 && file_sync_dir(l->root, "blobs/sha512", err) < 0)
		return -1;
	return file_sync_dir(l->root, "blobs/sha256", err);
}

int layout_commit(struct layout *l, struct err *err)
{
	if (l->staged.n == 0)
		return 0;
	if (sync_staged(l, err) < 0 || give_names(l, err) < 0)
		return err_wrap(err, "%s", l->path);
	forget_staged(l);
	return 0;
}
