#include "publish/blob_map.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/store/generation.h"
#include "oci/store/served_build.h"
#include "oci/store/served_file.h"
#include "publish/mirror.h"

void blob_map_release(struct blob_map *b)
{
	served_release(&b->table);
	free(b->here);
	free(b->walked);
	free(b->marks);
	*b = (struct blob_map){ .mirror = NULL };
}

/* ---- what is on disk ---- */

static void add_file(struct blob_sum *sum, int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return; /* removed meanwhile, or a directory */
	sum->n++;
	sum->bytes += (uint64_t)st.st_size;
}

static int look_at_blob(const char *name, void *arg)
{
	struct blob_map *b = arg;
	cleanup_free char *digest = xasprintf("%s:%s", b->algorithm, name);
	uint32_t object = served_find(&b->table, digest);

	if (object)
		b->here[object] = true;
	else
		add_file(&b->unknown, b->mirror->layout.blobs[strcmp(b->algorithm, "sha512") == 0],
			 name);
	return 0;
}

struct sum_walk {
	struct blob_sum *sum;
	int dir;
};

static int add_to_sum(const char *name, void *arg)
{
	struct sum_walk *w = arg;

	add_file(w->sum, w->dir, name);
	return 0;
}

/* The files of a directory that may be missing. */
static int sum_directory(const struct layout *l, const char *path, struct blob_sum *sum,
			 struct err *err)
{
	struct err why = ERR_INIT;
	cleanup_fd int dir = file_open_dir(l->root, path, &why);
	struct sum_walk w = { .sum = sum, .dir = dir };

	if (dir < 0 && why.kind == ERR_NOTFOUND)
		return 0;
	if (dir >= 0 && file_walk(dir, ".", add_to_sum, &w, &why) == 0)
		return 0;
	*err = why;
	return err_wrap(err, "%s", l->path);
}

static int look_at_disk(struct blob_map *b, struct err *err)
{
	static const char *const algorithms[] = { "sha256", "sha512" };
	const struct layout *l = &b->mirror->layout;

	b->here = xcalloc(b->table.nobjects, sizeof(*b->here));
	for (size_t i = 0; i < 2; i++) {
		b->algorithm = algorithms[i];
		if (l->blobs[i] >= 0 && file_walk(l->blobs[i], ".", look_at_blob, b, err) < 0)
			return err_wrap(err, "%s", l->path);
	}
	if (sum_directory(l, ".mirror/partial", &b->partial, err) < 0 ||
	    sum_directory(l, ".mirror/generations", &b->records, err) < 0)
		return -1;
	return sum_directory(l, SERVED_FILE_DIR, &b->records, err);
}

/* ---- what entries reach ---- */

static int make_table(struct blob_map *b, struct err *err)
{
	const struct mirror *m = b->mirror;
	const char *name = index_annotation(&m->index, ANNOTATION_TABLE);
	cleanup_by(served_release) struct served old = SERVED_INIT;
	struct served_build_notes notes = { .odd = 0 };
	struct served_build_from from = {
		.layout = &m->layout,
		.index = &m->index,
		.name = "no/name", /* of entries that have none */
		.notes = &notes,
		.generation = generation_number(&m->index),
	};
	struct err ignored;

	if (name && served_file_open(&old, &m->layout, name, &ignored) == 0 &&
	    served_file_is_named(&old, name))
		from.old = &old;
	if (served_build(&b->table, &from, err) < 0)
		return err_wrap(err, "%s", m->layout.path);
	b->odd = notes.odd;
	return 0;
}

static void add_walked(struct blob_map *b, uint32_t object, uint32_t mark, size_t *n)
{
	if (!object || b->marks[object] == mark)
		return;
	b->marks[object] = mark;
	b->walked[(*n)++] = object;
}

size_t blob_map_walk(struct blob_map *b, uint32_t object, uint32_t mark)
{
	size_t n = 0;

	add_walked(b, object, mark, &n);
	for (size_t i = 0; i < n; i++) {
		const struct served_object *o = &b->table.objects[b->walked[i]];

		for (uint32_t k = 0; k < o->nbelow; k++)
			add_walked(b, b->table.links[o->below + k], mark, &n);
	}
	return n;
}

int blob_map_read(struct blob_map *b, const struct mirror *m, struct err *err)
{
	*b = (struct blob_map){ .mirror = m };
	if (make_table(b, err) < 0 || look_at_disk(b, err) < 0) {
		blob_map_release(b);
		return -1;
	}
	b->walked = xcalloc(b->table.nobjects, sizeof(*b->walked));
	b->marks = xcalloc(b->table.nobjects, sizeof(*b->marks));
	return 0;
}
