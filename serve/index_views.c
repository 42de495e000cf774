#include "serve/index_views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/store/index.h"
#include "serve/without_mail.h"

/* How index_write() ends, and what each entry's line has in front. */
#define TAIL      "\n]}\n"
#define TAIL_SIZE (sizeof(TAIL) - 1)
#define NAME      "the copy of index.json"

void index_views_release(struct index_views *v)
{
	cleanup_fd_(&v->fd);
	for (size_t i = 0; i < v->n; i++)
		free(v->v[i].group);
	free(v->v);
	*v = (struct index_views)INDEX_VIEWS_INIT;
}

static int open_memory(struct index_views *v, struct err *err)
{
	v->fd = memfd_create("index.json", MFD_CLOEXEC);
	return v->fd < 0 ? err_sys(err, "cannot keep a copy of", "index.json") : 0;
}

/* Appends text without its mail addresses; gives how many bytes that made. */
static int64_t add_text(struct index_views *v, struct span text, struct err *err)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(LIMIT_INDEX);

	without_mail(&out, text);
	if (buf_failed(&out))
		return err_set(err, ERR_INVALID, 0, "index.json is too large");
	return file_write(v->fd, out.p, out.n, NAME, err) < 0 ? -1 : (int64_t)out.n;
}

/* ---- from an index ---- */

/* The entries of x that `group` has (NULL: that are public). */
static size_t pick_entries(const struct index *x, const char *const *groups, const char *group,
			   struct entry **out)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n; i++)
		if (group ? groups[i] && strcmp(groups[i], group) == 0 : !groups[i])
			out[n++] = x->v[i];
	return n;
}

static int add_public(struct index_views *v, struct index *x, const char *const *groups,
		      struct entry **picked, struct buf *b, struct err *err)
{
	struct index public = { .v = picked, .rest = x->rest };

	public.n = pick_entries(x, groups, NULL, picked);
	public.annotations = x->annotations;
	public.nannotations = x->nannotations;
	buf_clear(b);
	index_write(&public, b);
	if (buf_failed(b))
		return err_set(err, ERR_INVALID, 0, "index.json is too large");
	v->empty = public.n == 0;
	v->size = add_text(v, buf_span(b), err);
	return v->size < 0 ? -1 : 0;
}

/* The lines of a group's entries, with ",\n" in front of each. */
static int add_group(struct index_views *v, const struct index *x, const char *const *groups,
		     const char *group, struct entry **picked, struct buf *b, struct err *err)
{
	struct index some = { .v = picked };
	int64_t at = lseek(v->fd, 0, SEEK_CUR), n;
	char *lines;

	some.n = pick_entries(x, groups, group, picked);
	buf_clear(b);
	index_write(&some, b);
	if (buf_failed(b))
		return err_set(err, ERR_INVALID, 0, "index.json is too large");
	lines = memchr(b->p, '\n', b->n);
	lines--; /* over the "[" */
	*lines = ',';
	n = add_text(v, span_of(lines, (size_t)(b->p + b->n - lines) - TAIL_SIZE), err);
	if (n < 0)
		return -1;
	v->v[v->n++] = (struct index_view){ .group = xstrdup(group),
					    .range = { .first = at, .last = at + n - 1 } };
	return 0;
}

/* The names in `groups`, each once, sorted. */
static size_t list_groups(const char *const *groups, size_t n, const char **out)
{
	size_t all = 0, kept = 0;

	for (size_t i = 0; i < n; i++)
		if (groups[i] && groups[i][0])
			out[all++] = groups[i];
	if (all)
		qsort(out, all, sizeof(*out), str_order);
	for (size_t i = 0; i < all; i++)
		if (!kept || strcmp(out[kept - 1], out[i]) != 0)
			out[kept++] = out[i];
	return kept;
}

int index_views_make(struct index_views *v, struct index *x, const char *const *groups,
		     struct buf *bytes, struct err *err)
{
	cleanup_free struct entry **picked = xcalloc(x->n + 1, sizeof(*picked));
	cleanup_free const char **names = xcalloc(x->n + 1, sizeof(*names));
	size_t n = list_groups(groups, x->n, names);
	bool hides = false, ours = index_annotation(x, ANNOTATION_GENERATION) != NULL;

	for (size_t i = 0; i < x->n; i++)
		hides |= groups[i] != NULL;
	if (open_memory(v, err) < 0)
		return -1;
	if (!hides && !ours) {
		v->size = (int64_t)bytes->n;
		return file_write(v->fd, bytes->p, bytes->n, NAME, err);
	}
	if (hides)
		index_set_annotation(x, ANNOTATION_BAD, NULL);
	if (ours)
		index_set_annotation(x, ANNOTATION_IDENTITY, v->identity.str);
	if (add_public(v, x, groups, picked, bytes, err) < 0)
		return -1;
	v->v = xcalloc(n + 1, sizeof(*v->v));
	for (size_t i = 0; i < n; i++)
		if (add_group(v, x, groups, names[i], picked, bytes, err) < 0)
			return -1;
	return 0;
}

/* ---- piece by piece ---- */

int index_views_begin(struct index_views *v, struct err *err)
{
	return open_memory(v, err);
}

/* The first line gets .identity behind .generation, as annotations are sorted; its value comes at
 * the end, and each has the same length. */
static int add_first_line(struct index_views *v, struct span line, struct err *err)
{
	static const char generation[] = "\"" ANNOTATION_GENERATION "\":\"";
	static const char key[] = "\"" ANNOTATION_IDENTITY "\":\"";
	const char *at = memmem(line.p, line.n, generation, sizeof(generation) - 1);
	cleanup_by(buf_release) struct buf b = BUF_INIT(2 * LIMIT_INDEX_HEAD);
	const char *end = line.p + line.n;

	at = at ? at + sizeof(generation) - 1 : NULL;
	at = at ? memchr(at, '"', (size_t)(end - at)) : NULL;
	if (!at || memmem(line.p, line.n, key, sizeof(key) - 1))
		return err_set(err, ERR_INVALID, 0, "index.json has another first line");
	at++;
	without_mail(&b, span_of(line.p, (size_t)(at - line.p)));
	buf_addf(&b, ",%s", key);
	v->identity_at = (int64_t)b.n;
	digest_of(NULL, "", 0, &v->identity);
	buf_addf(&b, "%s\"", v->identity.str);
	without_mail(&b, span_of(at, (size_t)(end - at)));
	if (buf_failed(&b))
		return err_set(err, ERR_INVALID, 0, "index.json is too large");
	v->size = (int64_t)b.n;
	return file_write(v->fd, b.p, b.n, NAME, err);
}

int index_views_add(struct index_views *v, struct buf *text, bool last, struct err *err)
{
	const char *newline = text->n ? memchr(text->p, '\n', text->n) : NULL;
	const char *end = text->n ? memrchr(text->p, '\n', text->n) : NULL;
	size_t n = last ? text->n : end ? (size_t)(end + 1 - text->p) : 0;
	size_t first = 0;
	int64_t added;

	if (!n)
		return 0;
	if (v->identity_at < 0) {
		first = newline ? (size_t)(newline + 1 - text->p) : n;
		if (add_first_line(v, span_of(text->p, first), err) < 0)
			return -1;
	}
	added = add_text(v, span_of(text->p + first, n - first), err);
	if (added < 0)
		return -1;
	v->size += added;
	memmove(text->p, text->p + n, text->n - n);
	text->n -= n;
	return 0;
}

int index_views_end(struct index_views *v, const struct digest *identity, struct err *err)
{
	size_t n = strlen(identity->str);

	v->identity = *identity;
	if (v->identity_at >= 0 && pwrite(v->fd, identity->str, n, v->identity_at) != (ssize_t)n)
		return err_sys(err, "cannot write", NAME);
	return 0;
}

/* ---- the view of one who asks ---- */

size_t index_views_ranges(const struct index_views *v, bool (*may)(void *arg, const char *group),
			  void *arg, struct range *out, char tag[static INDEX_VIEWS_TAG])
{
	struct hash *h = hash_new(NULL);
	struct digest groups;
	size_t n = 0;

	out[n++] = (struct range){ .first = 0, .last = v->size - (int64_t)TAIL_SIZE - 1 };
	for (size_t i = 0; i < v->n; i++) {
		if (!may(arg, v->v[i].group))
			continue;
		out[n] = v->v[i].range;
		out[n].first += n == 1 && v->empty; /* without a "," in front of the first entry */
		hash_add(h, v->v[i].group, strlen(v->v[i].group) + 1);
		n++;
	}
	hash_end(h, &groups);
	if (n == 1) {
		out[0].last = v->size - 1;
		snprintf(tag, INDEX_VIEWS_TAG, "%s", v->identity.str);
		return 1;
	}
	out[n++] = (struct range){ .first = v->size - (int64_t)TAIL_SIZE, .last = v->size - 1 };
	snprintf(tag, INDEX_VIEWS_TAG, "%s+%.32s", v->identity.str, strchr(groups.str, ':') + 1);
	return n;
}
