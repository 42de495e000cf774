#include "serve/state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oci/base/cleanup.h"

/* Memory that is freed as a whole. Chunks are large, since a state is made of very many small
 * blocks. */
struct chunk {
	struct chunk *next;
	size_t used, size;
	void *bytes[];
};

#define CHUNK_SIZE (64 * KIB)

struct state *state_new(void)
{
	struct state *s = xcalloc(1, sizeof(*s));

	s->refs = 1;
	s->blobs[0] = s->blobs[1] = s->index = -1;
	return s;
}

struct state *state_ref(struct state *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void state_free(struct state *s)
{
	struct object *o;
	struct chunk *next;

	for (size_t at = 0; (o = table_next(&s->objects, &at));)
		free(atomic_load_explicit(&o->bytes, memory_order_relaxed));
	table_release(&s->objects);
	table_release(&s->repositories);
	close_if_open(s->blobs[0]);
	close_if_open(s->blobs[1]);
	close_if_open(s->index);
	for (struct chunk *c = s->memory; c; c = next) {
		next = c->next;
		free(c);
	}
	free(s);
}

void state_unref(struct state *s)
{
	if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
		state_free(s);
}

void *state_alloc(struct state *s, size_t n)
{
	struct chunk *c = s->memory;
	void *p;

	n = (n + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
	if (!c || c->size - c->used < n) {
		size_t size = n > CHUNK_SIZE ? n : CHUNK_SIZE;

		c = xmalloc(sizeof(*c) + size);
		*c = (struct chunk){ .next = s->memory, .used = 0, .size = size };
		s->memory = c;
	}
	p = (char *)c->bytes + c->used;
	c->used += n;
	return p;
}

char *state_text(struct state *s, const char *p, size_t n)
{
	char *text = state_alloc(s, n + 1);

	memcpy(text, p, n);
	text[n] = '\0';
	return text;
}

const struct repository *state_repository(const struct state *s, const char *name)
{
	return table_get(&s->repositories, name);
}

const struct tag *repository_tag(const struct repository *r, struct span name)
{
	size_t low = 0, high = r->ntags;

	if (!name.n)
		return NULL;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const char *have = r->tags[middle].name;
		int order = strncmp(have, name.p, name.n);

		if (order == 0 && have[name.n])
			order = 1;
		if (order == 0)
			return &r->tags[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool reaches_object(const struct repository *r, const struct object *o)
{
	size_t low = 0, high = r->nreached;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (r->reached[middle] == o->id)
			return true;
		if (r->reached[middle] < o->id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

struct object *repository_object(const struct state *s, const struct repository *r,
				 const struct digest *d)
{
	struct object *o = table_get(&s->objects, d->str);

	return o && reaches_object(r, o) ? o : NULL;
}

bool state_has_host(const struct state *s, const char *host)
{
	size_t low = 0, high = s->nhosts;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(s->hosts[middle], host);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* The tag schema cuts a digest's hex part at 64 digits (distribution-spec, "Referrers Tag Schema"):
 * what subjects may have in common. */
#define SUBJECT_FRONT (sizeof("sha256:") - 1 + 64)

const struct referrer *repository_referrers(const struct repository *r,
					    const struct digest *subject, size_t *n)
{
	size_t low = 0, high = r->nreferrers, end;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strncmp(r->referrers[middle].subject, subject->str, SUBJECT_FRONT) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < r->nreferrers; end++)
		if (strncmp(r->referrers[end].subject, subject->str, SUBJECT_FRONT) != 0)
			break;
	*n = end - low;
	return r->referrers + low;
}

bool referrer_of(const struct referrer *r, const struct digest *subject)
{
	return strcmp(r->subject, subject->str) == 0 ||
	       (strlen(r->subject) == SUBJECT_FRONT &&
		strncmp(r->subject, subject->str, SUBJECT_FRONT) == 0);
}

static const char *file_name(const struct object *o)
{
	return o->digest + sizeof("sha256:") - 1;
}

enum blob_file state_open(const struct state *s, const struct object *o, int *fd)
{
	return blob_file_look(s->blobs[o->sha512], file_name(o), o->size, NULL, fd);
}

static char *read_whole(const struct state *s, const struct object *o)
{
	cleanup_free char *bytes = NULL;
	cleanup_fd int fd = -1;
	size_t n = 0;

	if (state_open(s, o, &fd) != BLOB_FILE_HERE)
		return NULL;
	bytes = xmalloc((size_t)o->size);
	while (n < (size_t)o->size) {
		ssize_t got = read(fd, bytes + n, (size_t)o->size - n);

		if (got <= 0)
			return NULL;
		n += (size_t)got;
	}
	return take(bytes);
}

const char *state_bytes(struct state *s, struct object *o)
{
	char *have = atomic_load_explicit(&o->bytes, memory_order_acquire), *bytes;
	size_t size = (size_t)o->size;

	if (have)
		return have;
	if (size > LIMIT_MANIFEST ||
	    atomic_load_explicit(&s->cached, memory_order_relaxed) + size > LIMIT_SERVE_CACHE)
		return NULL;
	bytes = read_whole(s, o);
	if (!bytes)
		return NULL;
	/* another thread may have been first */
	if (!atomic_compare_exchange_strong(&o->bytes, &have, bytes)) {
		free(bytes);
		return have;
	}
	atomic_fetch_add_explicit(&s->cached, size, memory_order_relaxed);
	return bytes;
}
