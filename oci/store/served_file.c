#include "oci/store/served_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/store/beneath.h"
#include "oci/store/generation_files.h"
#include "oci/store/index.h"
#include "oci/store/index_head.h"
#include "oci/store/layout.h"
#include "oci/store/served.h"
#include "oci/store/served_build.h"

/* What a publication may need beside its table and two copies of its index.json. */
#define ROOM_LEFT  (16UL * MIB)

#define TABLE_PATH (sizeof(SERVED_FILE_DIR "/") + DIGEST_MAX)

/* INVALID for a name that is no digest: it is not made a path of. */
static int table_path(const char *name, char out[static TABLE_PATH], struct err *err)
{
	struct digest d;

	if (digest_parse(&d, span_str(name), err) < 0)
		return -1;
	snprintf(out, TABLE_PATH, SERVED_FILE_DIR "/%s", d.str);
	return 0;
}

/* n bytes of the file at p; fewer when somebody cuts the file meanwhile. */
static int read_bytes(int fd, char *p, size_t n, const char *path, struct err *err)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(fd, p + got, n - got);

		if (r < 0 && errno != EINTR)
			return err_sys(err, "cannot read", path);
		if (r == 0)
			return err_set(err, ERR_INVALID, 0, "%s: it is damaged", path);
		got += r > 0 ? (size_t)r : 0;
	}
	return 0;
}

/* Large pages, where the kernel has them, save a fault for each 4 KiB: most of the time that
 * reading takes. */
static void *allocate_table(size_t n)
{
	const size_t page = 2 * MIB, whole = (n + page - 1) / page * page;
	void *p = n < page ? NULL : aligned_alloc(page, whole);

	if (!p)
		return xmalloc(n);
	madvise(p, whole, MADV_HUGEPAGE);
	return p;
}

static int read_table(struct served *s, int fd, const char *path, struct err *err)
{
	cleanup_free void *p = NULL;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot look at", path);
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)LIMIT_TABLE ||
	    st.st_size < (off_t)sizeof(struct served_head))
		return err_set(err, ERR_INVALID, 0, "it is no table");
	p = allocate_table((size_t)st.st_size);
	if (read_bytes(fd, p, (size_t)st.st_size, path, err) < 0)
		return -1;
	if (served_open(s, p, (size_t)st.st_size, err) < 0)
		return err_wrap(err, "%s", path);
	p = NULL; /* the table's */
	return 0;
}

int served_file_open(struct served *s, const struct layout *l, const char *name, struct err *err)
{
	char path[TABLE_PATH];
	cleanup_fd int fd = -1;

	if (table_path(name, path, err) < 0)
		return -1;
	fd = beneath_open(l->root, path, O_NOFOLLOW);
	if (fd >= 0)
		return read_table(s, fd, path, err);
	beneath_failed(path, err);
	return -1;
}

bool served_file_is_named(const struct served *s, const char *name)
{
	struct digest want, got;
	struct err ignored;

	if (digest_parse(&want, span_str(name), &ignored) < 0)
		return false;
	digest_of(&want, s->head, s->head->size, &got);
	return digest_eq(&want, &got);
}

bool served_file_entries(struct span index, struct span *entries)
{
	const char *newline = memchr(index.p, '\n', index.n);
	size_t first = newline ? (size_t)(newline - index.p) : 0;

	if (!newline || !index_head_is_ours(span_of(index.p, first)))
		return false;
	*entries = span_of(newline + 1, index.n - first - 1);
	return true;
}

static int check_room(const struct layout *l, uint64_t table, uint64_t index, struct err *err)
{
	uint64_t room;

	if (layout_free_space(l, &room, err) < 0)
		return -1;
	if (room >= table + 2 * index + ROOM_LEFT)
		return 0;
	return err_set(err, ERR_LIMIT, 0, "there is no room for a table of %llu bytes",
		       (unsigned long long)table);
}

static int write_table(const struct layout *l, const struct served *s, struct digest *id,
		       struct err *err)
{
	char path[TABLE_PATH];

	digest_of(NULL, s->head, s->head->size, id);
	if (table_path(id->str, path, err) < 0 ||
	    file_make_dirs(l->root, SERVED_FILE_DIR, err) < 0 ||
	    file_replace(l->root, path, s->head, s->head->size, 0444, err) < 0)
		return -1;
	if (file_sync_dir(l->root, SERVED_FILE_DIR, err) == 0)
		return 0;
	unlinkat(l->root, path, 0);
	return -1;
}

int served_file_make(const struct layout *l, const struct index *next, const char *before,
		     struct span index, struct digest *id, struct err *err)
{
	cleanup_by(served_release) struct served old = SERVED_INIT, s = SERVED_INIT;
	struct served_build_from from = {
		.layout = l,
		.index = next,
		.generation = generation_files_number(next),
	};
	struct err ignored;
	struct span entries;

	if (!served_file_entries(index, &entries))
		return err_set(err, ERR_INVALID, 0, "index.json has no first line of ours");
	digest_of(NULL, entries.p, entries.n, &from.entries);
	from.entries_size = (int64_t)entries.n;
	/* a damaged one is not carried on */
	if (before[0] && served_file_open(&old, l, before, &ignored) == 0 &&
	    served_file_is_named(&old, before))
		from.old = &old;
	if (served_build(&s, &from, err) < 0 || check_room(l, s.head->size, index.n, err) < 0)
		return -1;
	return write_table(l, &s, id, err);
}

struct kept {
	int dir;
	const char *current, *previous;
};

static int drop_table(const char *name, void *arg)
{
	const struct kept *k = arg;

	if (!(k->current && strcmp(name, k->current) == 0) &&
	    !(k->previous && strcmp(name, k->previous) == 0))
		unlinkat(k->dir, name, 0);
	return 0;
}

void served_file_drop(const struct layout *l, const char *current, const char *previous)
{
	struct err ignored;
	cleanup_fd int dir = openat(l->root, SERVED_FILE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct kept kept = { .dir = dir, .current = current, .previous = previous };

	if (dir >= 0)
		file_walk(dir, ".", drop_table, &kept, &ignored);
}
