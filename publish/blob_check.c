#include "publish/blob_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/image/digest.h"
#include "oci/store/blob_file.h"
#include "oci/store/layout.h"

#define READ_SIZE (256 * KIB)

static const enum damage damage_of_file[] = {
	[BLOB_FILE_HERE] = DAMAGE_NONE, [BLOB_FILE_ABSENT] = DAMAGE_MISSING,
	[BLOB_FILE_LINK] = DAMAGE_LINK, [BLOB_FILE_NO_FILE] = DAMAGE_NO_FILE,
	[BLOB_FILE_SIZE] = DAMAGE_SIZE, [BLOB_FILE_DENIED] = DAMAGE_DENIED,
	[BLOB_FILE_BUSY] = DAMAGE_DISK, [BLOB_FILE_DISK] = DAMAGE_DISK,
};

void blob_check_release(struct blob_check *c)
{
	free(c->text);
	*c = (struct blob_check){ .size = -1 };
}

void blob_check_fail(struct blob_check *c, enum damage damage, const char *fmt, ...)
{
	va_list ap;

	free(c->text);
	va_start(ap, fmt);
	c->text = xvasprintf(fmt, ap);
	va_end(ap);
	c->damage = damage;
}

static int look(struct blob_check *c, const struct layout *l, const char *digest, int *fd)
{
	struct digest d;
	struct err err = ERR_INIT;
	enum blob_file f;

	blob_check_release(c);
	if (digest_parse(&d, span_str(digest), &err) < 0) {
		blob_check_fail(c, DAMAGE_DOCUMENT, "%s", err.msg);
		return -1;
	}
	f = blob_file_look(l->blobs[strncmp(d.str, "sha512:", 7) == 0], digest_hex(&d), -1,
			   &c->size, fd);
	if (f == BLOB_FILE_HERE)
		return 0;
	c->size = -1;
	if (f == BLOB_FILE_DISK || f == BLOB_FILE_BUSY)
		blob_check_fail(c, damage_of_file[f], "%s: %s", blob_file_words(f),
				strerror(errno));
	else
		blob_check_fail(c, damage_of_file[f], "%s", blob_file_words(f));
	return -1;
}

/* The file's own facts, from its handle or by its name. */
static void note_file(struct blob_check *c, const struct layout *l, const char *digest, int fd)
{
	char path[DIGEST_PATH];
	struct digest d;
	struct err ignored;
	struct stat st;

	if (c->damage == DAMAGE_MISSING || digest_parse(&d, span_str(digest), &ignored) < 0)
		return;
	digest_path(&d, path);
	if ((fd >= 0 ? fstat(fd, &st) : fstatat(l->root, path, &st, AT_SYMLINK_NOFOLLOW)) < 0)
		return;
	c->inode = st.st_ino;
	c->changed = st.st_mtime;
}

void blob_check_look(struct blob_check *c, const struct layout *l, const char *digest)
{
	(void)look(c, l, digest, NULL);
	note_file(c, l, digest, -1);
}

int blob_check_open(struct blob_check *c, const struct layout *l, const char *digest)
{
	int fd = -1, r = look(c, l, digest, &fd);

	note_file(c, l, digest, r < 0 ? -1 : fd);
	return r < 0 ? -1 : fd;
}

static void compare_digest(struct blob_check *c, struct hash *h, const char *digest)
{
	struct digest got;

	hash_end(h, &got);
	if (strcmp(got.str, digest) != 0)
		blob_check_fail(c, DAMAGE_CONTENT, "has other content: %s", got.str);
}

static struct hash *new_hash(const char *digest)
{
	struct digest d;
	struct err ignored;

	return hash_new(digest_parse(&d, span_str(digest), &ignored) < 0 ? NULL : &d);
}

void blob_check_rehash(struct blob_check *c, const struct layout *l, const char *digest,
		       uint64_t *bytes)
{
	cleanup_fd int fd = blob_check_open(c, l, digest);
	cleanup_free char *piece = NULL;
	struct hash *h;
	ssize_t n;

	if (fd < 0)
		return;
	piece = xmalloc(READ_SIZE);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	h = new_hash(digest);
	while ((n = read(fd, piece, READ_SIZE)) > 0) {
		hash_add(h, piece, (size_t)n);
		if (bytes)
			__atomic_fetch_add(bytes, (uint64_t)n, __ATOMIC_RELAXED);
	}
	if (n < 0) {
		blob_check_fail(c, DAMAGE_DISK, "cannot be read: %s", strerror(errno));
		hash_free(h);
	} else {
		compare_digest(c, h, digest);
	}
}

/* A file that is too large to be a document is still what its digest says, or not. */
static void check_large(struct blob_check *c, const struct layout *l, const char *digest,
			size_t ceiling)
{
	blob_check_rehash(c, l, digest, NULL);
	if (c->damage == DAMAGE_NONE)
		blob_check_fail(c, DAMAGE_DOCUMENT,
				"has %lld bytes, more than the %zu that a manifest may have",
				(long long)c->size, ceiling);
}

void blob_check_read(struct blob_check *c, const struct layout *l, const char *digest,
		     struct buf *out)
{
	cleanup_fd int fd = blob_check_open(c, l, digest);
	struct err err = ERR_INIT;
	struct hash *h;

	buf_clear(out);
	if (fd < 0)
		return;
	if (c->size > (int64_t)out->max) {
		check_large(c, l, digest, out->max);
		return;
	}
	if (file_read_open(fd, digest, out, &err) < 0) {
		blob_check_fail(c, DAMAGE_DISK, "cannot be read: %s",
				err.sys ? strerror(err.sys) : "it grows");
		return;
	}
	h = new_hash(digest);
	hash_add(h, out->p, out->n);
	compare_digest(c, h, digest);
}

bool blob_check_is_old(const struct blob_check *c, const struct layout *l, const char *digest)
{
	struct blob_check now = { .size = -1 };
	bool is_old;

	blob_check_look(&now, l, digest);
	is_old = now.inode != c->inode || now.changed != c->changed;
	blob_check_release(&now);
	return is_old;
}
