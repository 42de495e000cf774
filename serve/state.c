#include "serve/state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/str.h"

/* ---- life ---- */

struct state *state_new(void)
{
	struct state *s = xcalloc(1, sizeof(*s));

	s->refs = 1;
	page_cache_init(&s->pages);
	s->blobs[0] = s->blobs[1] = s->opened = -1;
	s->views = (struct index_views)INDEX_VIEWS_INIT;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

struct state *state_ref(struct state *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

static void hosts_release(struct state_hosts *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i]);
	free(h->v);
}

static void state_free(struct state *s)
{
	page_cache_release(&s->pages);
	for (uint32_t i = 0; s->bytes && i < s->table.nobjects; i++)
		free(atomic_load_explicit(&s->bytes[i], memory_order_relaxed));
	free(s->bytes);
	table_release(&s->repositories);
	free(s->v);
	hosts_release(&s->hosts);
	hosts_release(&s->private_hosts);
	served_release(&s->table);
	cleanup_fd_(&s->blobs[0]);
	cleanup_fd_(&s->blobs[1]);
	cleanup_fd_(&s->opened);
	index_views_release(&s->views);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void state_unref(struct state *s)
{
	if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
		state_free(s);
}

/* ---- what is derived from the table ---- */

/* The length of the host in a name: "docker.io" of "docker.io/library/alpine". */
static size_t host_length(const char *name)
{
	size_t first = strcspn(name, "/");

	if (!name[first])
		return 0;
	return memchr(name, '.', first) || memchr(name, ':', first) ||
			       span_eq(span_of(name, first), "localhost")
		       ? first
		       : 0;
}

static void fill_repository(struct state *s, struct repository *r,
			    const struct served_repository *record)
{
	r->name = served_text(&s->table, record->name);
	r->written = served_text(&s->table, record->written);
	r->group = record->group == SERVED_NONE ? NULL : served_text(&s->table, record->group);
	r->host = host_length(r->name);
	r->tags = s->table.tags + record->tags;
	r->ntags = record->ntags;
	r->record = record;
	s->npublic += r->group == NULL;
	table_put(&s->repositories, r->name, r);
	if (record->written != record->name && !table_get(&s->repositories, r->written))
		table_put(&s->repositories, r->written, r);
}

/* The hosts of all public repositories, or of those that groups have, each once. */
static void list_hosts(const struct state *s, bool private, struct state_hosts *out)
{
	size_t n = 0, cap = 0;
	char **v = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct repository *r = &s->v[i];

		/* repositories of one host are neighbours: most repetitions are seen here */
		if (!r->host || (r->group != NULL) != private ||
		    (n && span_eq(span_of(r->name, r->host), v[n - 1])))
			continue;
		v = xgrow(v, n, &cap, sizeof(char *));
		v[n++] = xstrndup(r->name, r->host);
	}
	if (n)
		qsort(v, n, sizeof(char *), str_order);
	out->v = v;
	for (size_t i = 0; i < n; i++) {
		if (out->n && strcmp(v[out->n - 1], v[i]) == 0)
			free(v[i]);
		else
			v[out->n++] = v[i];
	}
}

void state_take_table(struct state *s, struct served *table)
{
	s->table = *table;
	*table = (struct served)SERVED_INIT;
	s->n = s->table.nrepositories;
	s->v = xcalloc(s->n + 1, sizeof(*s->v));
	for (size_t i = 0; i < s->n; i++)
		fill_repository(s, &s->v[i], &s->table.repositories[i]);
	s->bytes = xcalloc(s->table.nobjects, sizeof(*s->bytes));
	list_hosts(s, false, &s->hosts);
	list_hosts(s, true, &s->private_hosts);
}

/* ---- lookups ---- */

const struct repository *state_repository(const struct state *s, const char *name)
{
	return table_get(&s->repositories, name);
}

static void fill_object(const struct state *s, uint32_t number, struct object *o)
{
	const struct served_object *record = &s->table.objects[number];

	*o = (struct object){
		.size = (int64_t)record->size,
		.media_type = served_text(&s->table, record->media_type),
		.digest = served_text(&s->table, record->digest),
		.number = number,
		.is_manifest = record->flags & SERVED_MANIFEST,
	};
}

bool state_tag(const struct state *s, const struct repository *r, struct span name,
	       struct object *o)
{
	size_t low = 0, high = r->ntags;

	while (name.n && low < high) {
		size_t middle = (low + high) / 2;
		const char *have = state_tag_name(s, &r->tags[middle]);
		int order = strncmp(have, name.p, name.n);

		if (order == 0 && have[name.n])
			order = 1;
		if (order == 0) {
			fill_object(s, r->tags[middle].object, o);
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool reaches_object(const struct state *s, const struct repository *r, uint32_t number)
{
	const uint32_t *reached = s->table.reached + r->record->reached;
	size_t low = 0, high = r->record->nreached;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (reached[middle] == number)
			return true;
		if (reached[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool state_object(const struct state *s, const struct repository *r, const struct digest *d,
		  struct object *o)
{
	uint32_t number = served_find(&s->table, d->str);

	if (!number || !reaches_object(s, r, number))
		return false;
	fill_object(s, number, o);
	return true;
}

static bool has_host(const struct state_hosts *h, const char *host)
{
	size_t low = 0, high = h->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(h->v[middle], host);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool state_has_host(const struct state *s, const char *host)
{
	return has_host(&s->hosts, host);
}

bool state_has_private_host(const struct state *s, const char *host)
{
	return has_host(&s->private_hosts, host);
}

/* ---- referrers ---- */

/* The tag schema cuts a digest's hex part at 64 digits (distribution-spec, "Referrers Tag Schema"):
 * what subjects may have in common. */
#define SUBJECT_FRONT (sizeof("sha256:") - 1 + 64)

struct referrer state_referrer(const struct state *s, const struct repository *r, size_t nth)
{
	const struct served *t = &s->table;
	const struct served_referrer *record = &t->referrers[t->listed[r->record->listed + nth]];

	return (struct referrer){
		.subject = served_text(t, record->subject),
		.type = served_text(t, record->type),
		.digest = served_text(t, record->digest),
		.json = served_text(t, record->json),
	};
}

size_t state_referrers(const struct state *s, const struct repository *r,
		       const struct digest *subject, size_t *n)
{
	size_t low = 0, high = r->record->nlisted, end;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strncmp(state_referrer(s, r, middle).subject, subject->str, SUBJECT_FRONT) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < r->record->nlisted; end++)
		if (strncmp(state_referrer(s, r, end).subject, subject->str, SUBJECT_FRONT) != 0)
			break;
	*n = end - low;
	return low;
}

bool referrer_of(const struct referrer *r, const struct digest *subject)
{
	return strcmp(r->subject, subject->str) == 0 ||
	       (strlen(r->subject) == SUBJECT_FRONT &&
		strncmp(r->subject, subject->str, SUBJECT_FRONT) == 0);
}

/* ---- files ---- */

#define FRONT (sizeof("sha256:") - 1)

enum blob_file state_open(const struct state *s, const struct object *o, int *fd)
{
	bool sha512 = strncmp(o->digest, "sha512:", FRONT) == 0;

	/* a table is not trusted to hold digests only */
	if (strlen(o->digest) <= FRONT || strchr(o->digest, '/'))
		return BLOB_FILE_ABSENT;
	return blob_file_look(s->blobs[sha512], o->digest + FRONT, o->size, NULL, fd);
}

/* Reads the file; NULL, with the reason in *why. */
static char *read_whole(const struct state *s, const struct object *o, enum state_bytes *why)
{
	cleanup_free char *bytes = NULL;
	cleanup_fd int fd = -1;
	size_t n = 0;

	*why = STATE_BYTES_NONE;
	if (o->size > (int64_t)LIMIT_MANIFEST || state_open(s, o, &fd) != BLOB_FILE_HERE)
		return NULL;
	*why = STATE_BYTES_BUSY;
	bytes = try_malloc((size_t)o->size + 1);
	if (!bytes)
		return NULL;
	while (n < (size_t)o->size) {
		ssize_t got = read(fd, bytes + n, (size_t)o->size - n);

		*why = got < 0 ? STATE_BYTES_DISK : STATE_BYTES_NONE;
		if (got <= 0)
			return NULL;
		n += (size_t)got;
	}
	return take(bytes);
}

static bool has_digest(const struct object *o, const char *bytes)
{
	struct digest want, got;

	snprintf(want.str, sizeof(want.str), "%s", o->digest);
	digest_of(&want, bytes, (size_t)o->size, &got);
	return digest_eq(&want, &got);
}

enum state_bytes state_bytes(struct state *s, const struct object *o, char **out)
{
	char *have = atomic_load_explicit(&s->bytes[o->number], memory_order_acquire);
	cleanup_free char *bytes = NULL;
	size_t size = (size_t)o->size;
	enum state_bytes why;

	*out = have;
	if (have)
		return STATE_BYTES_KEPT;
	bytes = read_whole(s, o, &why);
	if (!bytes)
		return why;
	if (!has_digest(o, bytes))
		return STATE_BYTES_WRONG;
	*out = bytes;
	if (atomic_load_explicit(&s->cached, memory_order_relaxed) + size > LIMIT_SERVE_CACHE) {
		bytes = NULL;
		return STATE_BYTES_GIVEN;
	}
	/* another thread may have been first */
	if (atomic_compare_exchange_strong(&s->bytes[o->number], &have, bytes)) {
		atomic_fetch_add_explicit(&s->cached, size, memory_order_relaxed);
		bytes = NULL;
	} else {
		*out = have;
	}
	return STATE_BYTES_KEPT;
}
