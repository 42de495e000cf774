#include "serve/public_index.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Joins what two names of an entry say of who may read it: two groups together are nobody. */
static const char *join_groups(const char *a, const char *b)
{
	return !a || !b || strcmp(a, b) == 0 ? (a ? a : b) : "";
}

static const char *group_of(const struct repository *r)
{
	return r ? r->group : NULL;
}

/* Who may read an entry, whatever name it may be found by; NULL: everybody. */
static const char *entry_group(const struct state *s, const char *name, const struct entry *e)
{
	const char *whole = entry_annotation(e, ANNOTATION_CONTAINERD_NAME);
	const char *group = entry_annotation(e, ANNOTATION_PRIVATE);

	if (e->ref[0])
		group = join_groups(group, group_of(named_repository(s, e->ref)));
	if (whole)
		group = join_groups(group, group_of(named_repository(s, whole)));
	if (name)
		group = join_groups(group, group_of(state_repository(s, name)));
	return group;
}

int public_index_keep(struct state *s, const char *name, struct index *x, struct buf *bytes,
		      struct err *err)
{
	cleanup_free const char **groups = xcalloc(x->n + 1, sizeof(*groups));

	if (s->table.head->private)
		for (size_t i = 0; i < x->n; i++)
			groups[i] = entry_group(s, name, x->v[i]);
	return index_views_make(&s->views, x, groups, bytes, err);
}

/* ---- the check ---- */

#define CHUNK (256 * KIB)

/* index.json while it is read again. */
struct copy {
	bool private;    /* the views are made from `text`; else while it is read */
	struct buf text; /* not yet in the views */
	struct index_views *views;
	int64_t size, entries_size;
	struct hash *whole, *entries;
	struct digest id, entries_id;
};

static void copy_release(struct copy *c)
{
	buf_release(&c->text);
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
	if (!buf_add(&c->text, p, n))
		return err_set(err, ERR_INVALID, 0, "index.json is too large");
	return c->private ? 0 : index_views_add(c->views, &c->text, false, err);
}

/* In pieces: the file may be large, and another tool may cut it short meanwhile. */
static int copy_index(struct copy *c, int from, int64_t head, struct err *err)
{
	cleanup_free char *chunk = xmalloc(CHUNK);
	ssize_t n;

	c->whole = hash_new(NULL);
	c->entries = hash_new(NULL);
	if (!c->private && index_views_begin(c->views, err) < 0)
		return -1;
	while ((n = pread(from, chunk, CHUNK, c->size)) > 0)
		if (add_chunk(c, chunk, (size_t)n, head, err) < 0)
			return -1;
	if (n < 0)
		return err_sys(err, "cannot read", "index.json");
	hash_end(take(c->whole), &c->id);
	hash_end(take(c->entries), &c->entries_id);
	return 0;
}

static bool table_is_named(const struct state *s)
{
	struct digest id;

	digest_of(NULL, s->table.head, s->table.head->size, &id);
	return strcmp(id.str, s->table_name) == 0;
}

static int finish_views(struct state *s, const struct state_source *from, struct copy *c,
			struct err *err)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;

	s->views.identity = c->id;
	if (!c->private)
		return index_views_add(&s->views, &c->text, true, err) < 0
			       ? -1
			       : index_views_end(&s->views, &c->id, err);
	if (index_parse(&x, buf_span(&c->text), err) < 0)
		return -1;
	return public_index_keep(s, from->name, &x, &c->text, err);
}

static int check_file(struct state *s, const struct state_source *from, struct err *err)
{
	const struct served_head *h = s->table.head;
	cleanup_by(copy_release) struct copy c = { .private = h->private,
						   .text = BUF_INIT(LIMIT_INDEX),
						   .views = &s->views };

	if (copy_index(&c, s->opened, s->head, err) < 0)
		return -1;
	if (c.entries_size != (int64_t)h->entries_size ||
	    strcmp(c.entries_id.str, h->entries) != 0 || !table_is_named(s)) {
		atomic_store(&s->checked, STATE_WRONG);
		return 0;
	}
	if (finish_views(s, from, &c, err) < 0)
		return -1;
	cleanup_fd_(&s->opened);
	s->opened = -1;
	atomic_store(&s->checked, STATE_RIGHT);
	return 0;
}

static void check_locked(struct state *s, const struct state_source *from, struct err *err)
{
	if (check_file(s, from, err) < 0)
		index_views_release(&s->views);
}

enum state_checked state_check(struct state *s, const struct state_source *from, struct err *err)
{
	if (atomic_load(&s->checked) != STATE_UNCHECKED)
		return atomic_load(&s->checked);
	pthread_mutex_lock(&s->lock);
	if (atomic_load(&s->checked) == STATE_UNCHECKED)
		check_locked(s, from, err);
	pthread_mutex_unlock(&s->lock);
	return atomic_load(&s->checked);
}
