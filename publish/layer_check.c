#include "publish/layer_check.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "publish/layer_names.h"

#define READ_SIZE (256 * KIB)

/* A layer on its way: file -> unpacked -> tar. */
struct reading {
	int fd;
	int error; /* errno of a read that failed, or 0 */
	char *piece;
	struct hash *raw, *diff;
	uint64_t in, out; /* bytes read of the file; decompressed */
	uint64_t *bytes;
	struct archive *unpacked; /* the decompressed stream */
	struct archive *tar;
	struct layer_report *report;
	size_t escapes; /* entries that lead out */
};

/* The first thing that is found wrong counts. */
static void fail(struct reading *r, enum damage damage, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void fail(struct reading *r, enum damage damage, const char *fmt, ...)
{
	va_list ap;

	if (r->report->damage != DAMAGE_NONE)
		return;
	r->report->damage = damage;
	va_start(ap, fmt);
	r->report->text = xvasprintf(fmt, ap);
	va_end(ap);
}

static const char *reason(struct archive *a)
{
	const char *text = archive_error_string(a);

	return text ? text : "it is damaged";
}

/* ---- the file ---- */

static ssize_t read_piece(struct reading *r)
{
	ssize_t n = read(r->fd, r->piece, READ_SIZE);

	if (n < 0) {
		r->error = errno;
		return -1;
	}
	hash_add(r->raw, r->piece, (size_t)n);
	r->in += (uint64_t)n;
	if (r->bytes)
		__atomic_fetch_add(r->bytes, (uint64_t)n, __ATOMIC_RELAXED);
	return n;
}

static ssize_t read_file(struct archive *a, void *arg, const void **out)
{
	struct reading *r = arg;
	ssize_t n = read_piece(r);

	if (n < 0)
		archive_set_error(a, r->error, "%s", strerror(r->error));
	*out = r->piece;
	return n;
}

/* ---- decompressed ---- */

static bool is_bomb(const struct reading *r)
{
	return r->out > LIMIT_LAYER_TAR ||
	       (r->out > LIMIT_LAYER_FREE && r->out / LIMIT_LAYER_RATIO > r->in);
}

/* The next bytes of the tar: 1, 0 at its end, -1 when there are none that can be had. */
static int next_block(struct reading *r, const void **out, size_t *n)
{
	int64_t ignored;
	int got = archive_read_data_block(r->unpacked, out, n, &ignored);

	if (got == ARCHIVE_EOF)
		return 0;
	if (got < ARCHIVE_WARN) {
		fail(r, DAMAGE_LAYER, "cannot be decompressed: %s", reason(r->unpacked));
		return -1;
	}
	hash_add(r->diff, *out, *n);
	r->out += *n;
	if (!is_bomb(r))
		return 1;
	fail(r, DAMAGE_BOMB, "decompresses to more than %llu bytes, from %llu: too many to go on",
	     (unsigned long long)r->out, (unsigned long long)r->in);
	return -1;
}

static ssize_t read_tar(struct archive *a, void *arg, const void **out)
{
	struct reading *r = arg;
	size_t n = 0;
	int got;

	do
		got = next_block(r, out, &n);
	while (got > 0 && !n);
	if (got < 0) {
		archive_set_error(a, EIO, "%s", r->report->text ? r->report->text : "no more");
		return -1;
	}
	return got ? (ssize_t)n : 0;
}

/* The one filter that the first bytes call for: others are not even tried. */
static void choose_filter(struct archive *a, int fd)
{
	static const struct {
		const char *magic;
		size_t n;
		int (*support)(struct archive *a);
	} filters[] = {
		{ "\x1f\x8b", 2, archive_read_support_filter_gzip },
		{ "\x28\xb5\x2f\xfd", 4, archive_read_support_filter_zstd },
		{ "\xfd"
		  "7zXZ",
		  6, archive_read_support_filter_xz },
		{ "BZh", 3, archive_read_support_filter_bzip2 },
	};
	char begin[8] = "";

	if (pread(fd, begin, sizeof(begin), 0) < 0)
		return; /* reading it will say why */
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (memcmp(begin, filters[i].magic, filters[i].n) == 0)
			filters[i].support(a);
}

/* 1: the stream begins; 0: it is empty; -1: it cannot be decompressed. */
static int open_unpacked(struct reading *r)
{
	struct archive_entry *ignored;
	int got;

	choose_filter(r->unpacked, r->fd);
	archive_read_support_format_raw(r->unpacked);
	archive_read_support_format_empty(r->unpacked);
	got = archive_read_open(r->unpacked, r, NULL, read_file, NULL);
	if (got >= ARCHIVE_WARN)
		got = archive_read_next_header(r->unpacked, &ignored);
	if (got == ARCHIVE_EOF)
		return 0;
	if (got >= ARCHIVE_WARN)
		return 1;
	fail(r, DAMAGE_LAYER, "cannot be decompressed: %s", reason(r->unpacked));
	return -1;
}

/* ---- the tar ---- */

static const char *entry_name(struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e);

	/* a name that this locale cannot write */
	return name ? name : archive_entry_pathname_utf8(e);
}

static void note_device(struct reading *r, struct archive_entry *e, const char *name)
{
	mode_t type = archive_entry_filetype(e);

	if (archive_entry_hardlink(e) || (type != AE_IFBLK && type != AE_IFCHR))
		return;
	if (!r->report->devices++)
		r->report->first_device = xstrdup(name);
}

static enum layer_name judge_entry(struct layer_names *names, struct archive_entry *e,
				   const char *name)
{
	const char *hard = archive_entry_hardlink(e), *soft = archive_entry_symlink(e);

	if (hard)
		return layer_names_add(names, LAYER_ENTRY_HARDLINK, name, hard);
	if (soft && archive_entry_filetype(e) == AE_IFLNK)
		return layer_names_add(names, LAYER_ENTRY_SYMLINK, name, soft);
	return layer_names_add(names, LAYER_ENTRY_PLAIN, name, "");
}

static void judge_tar(struct reading *r)
{
	cleanup_by(layer_names_release) struct layer_names names = LAYER_NAMES_INIT;
	struct archive_entry *e;
	int got;

	while ((got = archive_read_next_header(r->tar, &e)) >= ARCHIVE_WARN && got != ARCHIVE_EOF) {
		const char *name = entry_name(e);
		enum layer_name f;

		if (got == ARCHIVE_RETRY)
			continue;
		r->report->entries++;
		f = name ? judge_entry(&names, e, name) : LAYER_NAME_LONG;
		if (f != LAYER_NAME_INSIDE && !r->escapes++)
			fail(r, DAMAGE_ESCAPE, "its entry \"%.200s\" %s", name ? name : "",
			     layer_names_words(f));
		if (name)
			note_device(r, e, name);
	}
	if (got != ARCHIVE_EOF)
		fail(r, DAMAGE_LAYER, "is no tar that can be read: %s", reason(r->tar));
}

static void tell_all_escapes(struct reading *r)
{
	char *text = r->report->text;

	if (r->report->damage != DAMAGE_ESCAPE || r->escapes < 2)
		return;
	r->report->text = xasprintf("%s, and %zu more lead out", text, r->escapes - 1);
	free(text);
}

/* What stands behind the end of the tar is part of what the diff_id is of. */
static void finish_diff_id(struct reading *r, int state)
{
	const void *p;
	size_t n;

	while (state > 0)
		state = next_block(r, &p, &n);
	if (state == 0)
		hash_end(take(r->diff), &r->report->diff_id);
}

static void read_layer(struct reading *r)
{
	int state = open_unpacked(r);

	if (state > 0) {
		archive_read_support_format_tar(r->tar);
		archive_read_support_format_empty(r->tar);
		if (archive_read_open(r->tar, r, NULL, read_tar, NULL) < ARCHIVE_WARN)
			fail(r, DAMAGE_LAYER, "is no tar that can be read: %s", reason(r->tar));
		else
			judge_tar(r);
	}
	tell_all_escapes(r);
	if (r->report->damage != DAMAGE_BOMB)
		finish_diff_id(r, state);
	/* the digest is that of the whole file */
	while (read_piece(r) > 0)
		;
}

static void judge_blob(struct blob_check *c, struct reading *r, const char *digest)
{
	struct digest got;

	hash_end(take(r->raw), &got);
	if (r->error)
		blob_check_fail(c, DAMAGE_DISK, "cannot be read: %s", strerror(r->error));
	else if (strcmp(got.str, digest) != 0)
		blob_check_fail(c, DAMAGE_CONTENT, "has other content: %s", got.str);
}

void layer_check(struct blob_check *c, struct layer_report *report, const struct layout *l,
		 const char *digest, uint64_t *bytes)
{
	cleanup_fd int fd = blob_check_open(c, l, digest);
	struct reading r = { .fd = fd, .bytes = bytes, .report = report };
	struct digest like;
	struct err ignored;

	if (fd < 0 || digest_parse(&like, span_str(digest), &ignored) < 0)
		return;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	r.piece = xmalloc(READ_SIZE);
	r.raw = hash_new(&like);
	r.diff = hash_new(NULL);
	r.unpacked = archive_read_new();
	r.tar = archive_read_new();
	if (!r.unpacked || !r.tar)
		abort(); /* no memory */
	read_layer(&r);
	judge_blob(c, &r, digest);
	if (c->damage != DAMAGE_NONE)
		layer_report_release(report);
	archive_read_free(r.tar);
	archive_read_free(r.unpacked);
	hash_free(r.diff);
	free(r.piece);
}
