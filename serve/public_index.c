#include "serve/public_index.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/image/ref.h"
#include "oci/store/index.h"
#include "serve/state_load.h"

/* ---- the copy ---- */

/* The repository that a text names as a reference, or NULL. */
static const struct repository *named_repository(const struct state *s, const char *text)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	cleanup_free char *name = NULL;
	struct err ignored = ERR_INIT;

	if (ref_parse(&ref, span_str(text), &ignored) < 0)
		return NULL;
	name = ref_repository(&ref);
	return state_repository(s, name);
}

/* Whatever name an entry may be found by, none of a group shows it. */
static bool is_private(const struct state *s, const char *name, const struct entry *e)
{
	const char *whole = entry_annotation(e, ANNOTATION_CONTAINERD_NAME);
	const struct repository *r = e->ref[0] ? named_repository(s, e->ref) : NULL;

	if (entry_annotation(e, ANNOTATION_PRIVATE) || (r && r->group))
		return true;
	r = whole ? named_repository(s, whole) : NULL;
	if (r && r->group)
		return true;
	r = name ? state_repository(s, name) : NULL;
	return r && r->group;
}

static int write_public(const struct state *s, const char *name, struct index *x, struct buf *bytes,
			struct err *err)
{
	cleanup_free struct entry **v = xcalloc(x->n + 1, sizeof(*v));
	struct index public = { .v = v, .rest = x->rest };

	for (size_t i = 0; i < x->n; i++)
		if (!is_private(s, name, x->v[i]))
			v[public.n++] = x->v[i];
	index_set_annotation(x, ANNOTATION_BAD, NULL);
	public.annotations = x->annotations;
	public.nannotations = x->nannotations;
	buf_clear(bytes);
	index_write(&public, bytes);
	return buf_failed(bytes) ? err_set(err, ERR_INVALID, 0, "index.json is too large") : 0;
}

int public_index_keep(struct state *s, const char *name, struct index *x, struct buf *bytes,
		      struct err *err)
{
	cleanup_fd int fd = memfd_create("index.json", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot keep a copy of", "index.json");
	if (s->table.head->private && write_public(s, name, x, bytes, err) < 0)
		return -1;
	if (file_write(fd, bytes->p, bytes->n, "the copy of index.json", err) < 0)
		return -1;
	s->index_size = (int64_t)bytes->n;
	digest_of(NULL, bytes->p, bytes->n, &s->id);
	s->index = take_fd(&fd);
	return 0;
}

/* ---- the check ---- */

#define CHUNK (256 * KIB)

/* A copy of index.json while it is read. */
struct copy {
	int fd;
	int64_t size, entries_size;
	struct hash *whole, *entries;
	struct digest id, entries_id;
};

static void copy_release(struct copy *c)
{
	cleanup_fd_(&c->fd);
	hash_free(c->whole);
	hash_free(c->entries);
}

static int add_chunk(struct copy *c, const char *p, size_t n, int64_t head, struct err *err)
{
	size_t skip = c->size >= head ? 0 : (size_t)(head - c->size);

	hash_add(c->whole, p, n);
	if (skip < n) {
		hash_add(c->entries, p + skip, n - skip);
		c->entries_size += (int64_t)(n - skip);
	}
	c->size += (int64_t)n;
	return file_write(c->fd, p, n, "the copy of index.json", err);
}

/* In pieces: the file may be large, and another tool may cut it short meanwhile. */
static int copy_index(struct copy *c, int from, int64_t head, struct err *err)
{
	cleanup_free char *chunk = xmalloc(CHUNK);
	ssize_t n;

	c->fd = memfd_create("index.json", MFD_CLOEXEC);
	c->whole = hash_new(NULL);
	c->entries = hash_new(NULL);
	if (c->fd < 0)
		return err_sys(err, "cannot keep a copy of", "index.json");
	while ((n = pread(from, chunk, CHUNK, c->size)) > 0)
		if (add_chunk(c, chunk, (size_t)n, head, err) < 0)
			return -1;
	if (n < 0)
		return err_sys(err, "cannot read", "index.json");
	hash_end(take(c->whole), &c->id);
	hash_end(take(c->entries), &c->entries_id);
	return 0;
}

static int keep_private_copy(struct state *s, const struct state_source *from, int fd,
			     struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	cleanup_by(index_release) struct index x = INDEX_INIT;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read", "index.json");
	if (file_read_open(fd, "index.json", &bytes, err) < 0 ||
	    index_parse(&x, buf_span(&bytes), err) < 0)
		return -1;
	return public_index_keep(s, from->name, &x, &bytes, err);
}

static bool table_is_named(const struct state *s)
{
	struct digest id;

	digest_of(NULL, s->table.head, s->table.head->size, &id);
	return strcmp(id.str, s->table_name) == 0;
}

static int check_locked(struct state *s, const struct state_source *from, struct err *err)
{
	cleanup_by(copy_release) struct copy c = { .fd = -1 };
	const struct served_head *h = s->table.head;

	if (copy_index(&c, s->opened, s->head, err) < 0)
		return -1;
	if (c.entries_size != (int64_t)h->entries_size ||
	    strcmp(c.entries_id.str, h->entries) != 0 || !table_is_named(s)) {
		atomic_store(&s->checked, STATE_WRONG);
		return 0;
	}
	if (h->private) {
		if (keep_private_copy(s, from, c.fd, err) < 0)
			return -1;
	} else {
		s->index = take_fd(&c.fd);
		s->index_size = c.size;
		s->id = c.id;
	}
	cleanup_fd_(&s->opened);
	s->opened = -1;
	atomic_store(&s->checked, STATE_RIGHT);
	return 0;
}

enum state_checked state_check(struct state *s, const struct state_source *from, struct err *err)
{
	if (atomic_load(&s->checked) != STATE_UNCHECKED)
		return atomic_load(&s->checked);
	pthread_mutex_lock(&s->lock);
	if (atomic_load(&s->checked) == STATE_UNCHECKED)
		(void)check_locked(s, from, err);
	pthread_mutex_unlock(&s->lock);
	return atomic_load(&s->checked);
}
