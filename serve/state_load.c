#include "serve/state_load.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/str.h"
#include "oci/cli/message.h"
#include "oci/image/ref.h"
#include "oci/store/index.h"
#include "oci/store/index_head.h"
#include "oci/store/layout.h"
#include "serve/object_graph.h"
#include "serve/repository_names.h"
#include "serve/state.h"

/* A state that is being made. */
struct state_load {
	struct state *state;
	struct object_graph graph;
	const char *name; /* for entries without one */
	struct tag *tags; /* all of them, sorted at the end */
	size_t ntags;
	/* of each entry of the index, in its order; NULL: it has no name */
	const struct repository **owners;
	size_t nprivate; /* entries of repositories that belong to a group */
	size_t nameless; /* entries without a name that clients could ask for */
	/* entries whose manifest is missing or damaged, and those that this user may not read */
	struct unread {
		size_t n;
		const char *example; /* the first, for the warning */
	} broken, denied;
};

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

static struct repository *get_repository(struct state_load *l, const char *name)
{
	struct repository *r = table_get(&l->state->repositories, name);
	char written[REPOSITORY_NAMES_MAX];

	if (r)
		return r;
	repository_names_written(name, written);
	r = state_alloc(l->state, sizeof(*r));
	*r = (struct repository){ .host = host_length(name) };
	r->name = r->written = state_text(l->state, name, strlen(name));
	table_put(&l->state->repositories, r->name, r);
	if (strcmp(written, name) != 0 && !table_get(&l->state->repositories, written)) {
		r->written = state_text(l->state, written, strlen(written));
		table_put(&l->state->repositories, r->written, r);
	}
	return r;
}

static bool take_reference(struct state_load *l, const char *text, struct tag *tag)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	cleanup_free char *name = NULL;
	struct err ignored = ERR_INIT;
	const char *word;

	if (ref_parse(&ref, span_str(text), &ignored) < 0)
		return false;
	name = ref_repository(&ref);
	word = ref.tag ? ref.tag : ref.digest.str[0] ? "" : "latest";
	tag->repository = get_repository(l, name);
	tag->name = state_text(l->state, word, strlen(word));
	return true;
}

/*
 * Finds the repository and tag of an entry; false when it has none. A bare tag belongs to the
 * repository given for entries without one, or to the whole name that containerd and docker write
 * beside it. Clients cannot ask for a ref.name that is neither a tag nor a reference: its entry is
 * served by digest only.
 */
static bool name_entry(struct state_load *l, const struct entry *e, struct tag *tag)
{
	bool bare = !e->ref[0] || ref_valid_tag(span_str(e->ref));
	const char *whole = entry_annotation(e, ANNOTATION_CONTAINERD_NAME);

	if (!bare && take_reference(l, e->ref, tag))
		return true;
	if (!l->name)
		return whole && take_reference(l, whole, tag);
	tag->repository = get_repository(l, l->name);
	tag->name = bare ? state_text(l->state, e->ref, strlen(e->ref)) : "";
	return true;
}

/* private= belongs to a repository: one entry with a group makes all of it the group's. When its
 * entries name two groups, neither of them has it. */
static void set_group(struct state_load *l, struct repository *r, const char *group)
{
	if (group && !r->group)
		r->group = state_text(l->state, group, strlen(group));
	else if (group && strcmp(r->group, group) != 0)
		r->group = "";
}

/* Its name stays known all the same: the file may be repaired while we serve. */
static void count_unread(struct state_load *l, const struct entry *e, const struct object *o)
{
	cleanup_fd int fd = -1;
	bool denied = state_open(l->state, o, &fd) == BLOB_FILE_DENIED;
	struct unread *u = denied ? &l->denied : &l->broken;

	if (!u->n++)
		u->example = state_text(l->state, e->ref, strlen(e->ref));
}

/* Gives the repository that has the entry, or NULL. */
static const struct repository *add_entry(struct state_load *l, const struct entry *e)
{
	struct tag tag = { .snapshot = entry_annotation(e, ANNOTATION_SNAPSHOT_OF) != NULL };

	if (!name_entry(l, e, &tag)) {
		l->nameless++;
		return NULL;
	}
	set_group(l, tag.repository, entry_annotation(e, ANNOTATION_PRIVATE));
	tag.object = object_graph_root(&l->graph, &e->digest, e->size, e->media_type);
	if (!tag.object->is_read)
		count_unread(l, e, tag.object);
	l->tags[l->ntags++] = tag;
	return tag.repository;
}

/* By repository, then by tag; entries of one name stay in the order of the index: the first
 * wins. */
static int order_tags(const void *a, const void *b)
{
	const struct tag *x = *(const struct tag *const *)a, *y = *(const struct tag *const *)b;
	int order = strcmp(x->repository->written, y->repository->written);

	if (!order)
		order = strcmp(x->name, y->name);
	return order ? order : (x > y) - (x < y);
}

/* Puts the tags in order, without the second and later ones of one name. */
static size_t sort_tags(struct state_load *l, struct tag *out)
{
	cleanup_free struct tag **v = xcalloc(l->ntags, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < l->ntags; i++)
		v[i] = &l->tags[i];
	qsort(v, l->ntags, sizeof(*v), order_tags);
	for (size_t i = 0; i < l->ntags; i++) {
		bool again = n && v[i]->name[0] && out[n - 1].repository == v[i]->repository &&
			     strcmp(out[n - 1].name, v[i]->name) == 0;

		if (!again)
			out[n++] = *v[i];
	}
	return n;
}

/* Gives each repository its part of the sorted tags, and fills in what it reaches. */
static void fill_repositories(struct state_load *l)
{
	struct state *s = l->state;
	struct tag *tags = state_alloc(s, (l->ntags + 1) * sizeof(*tags));
	size_t n = sort_tags(l, tags);

	s->v = state_alloc(s, (s->repositories.n + 1) * sizeof(struct repository *));
	for (size_t i = 0; i < n; i++) {
		struct repository *r = tags[i].repository;

		if (!s->n || s->v[s->n - 1] != r) {
			r->tags = &tags[i];
			s->v[s->n++] = r;
		}
		r->ntags++;
	}
	for (size_t i = 0; i < s->n; i++)
		object_graph_repository(&l->graph, s->v[i], (uint32_t)i + 1);
}

/* The hosts of all public repositories, each once: a host that only groups have shows nothing of
 * itself. */
static void list_hosts(struct state *s)
{
	size_t n = 0;

	s->hosts = state_alloc(s, (s->n + 1) * sizeof(*s->hosts));
	for (size_t i = 0; i < s->n; i++) {
		const struct repository *r = s->v[i];

		/* repositories of one host are neighbours: most repetitions are seen here */
		if (r->host && !r->group &&
		    !(n && span_eq(span_of(r->name, r->host), s->hosts[n - 1])))
			s->hosts[n++] = state_text(s, r->name, r->host);
	}
	qsort(s->hosts, n, sizeof(*s->hosts), str_order);
	for (size_t i = 0; i < n; i++)
		if (!s->nhosts || strcmp(s->hosts[s->nhosts - 1], s->hosts[i]) != 0)
			s->hosts[s->nhosts++] = s->hosts[i];
}

/* Keeps a private copy: a tool that rewrites index.json in place must not change a reply on its
 * way. */
static int keep_index(struct state *s, struct span bytes, struct err *err)
{
	s->index = memfd_create("index.json", MFD_CLOEXEC);
	if (s->index < 0)
		return err_sys(err, "cannot keep a copy of", "index.json");
	s->index_size = (int64_t)bytes.n;
	digest_of(NULL, bytes.p, bytes.n, &s->id);
	return file_write(s->index, bytes.p, bytes.n, "the copy of index.json", err);
}

static void name_generation(struct state *s, const struct index *x)
{
	const char *number = index_annotation(x, ANNOTATION_GENERATION);
	bool usable = number && span_number(span_str(number), 1000000000000LL) >= 0;

	snprintf(s->generation, sizeof(s->generation), "%s", usable ? number : s->id.str);
}

static void take_blobs(struct state *s, struct layout *layout)
{
	for (size_t i = 0; i < 2; i++)
		s->blobs[i] = take_fd(&layout->blobs[i]);
}

static void warn_entries(const struct state_load *l, const struct state_source *from)
{
	if (l->nameless)
		message_warn(
			"%s: entries of index.json without a usable name: %zu; --name says under "
			"which name to serve them",
			from->mirror, l->nameless);
	if (l->nprivate)
		message_line("%s: private entries, which are served to nobody: %zu", from->mirror,
			     l->nprivate);
	if (l->denied.n)
		message_warn("%s: entries whose manifest this user may not read (Permission "
			     "denied): %zu, the first is \"%s\"",
			     from->mirror, l->denied.n, l->denied.example);
	if (l->broken.n)
		message_warn("%s: entries whose manifest is missing or damaged: %zu, the first is "
			     "\"%s\"",
			     from->mirror, l->broken.n, l->broken.example);
}

static int read_index(const struct layout *layout, struct buf *bytes, struct index *x,
		      struct err *err)
{
	if (file_read(layout->root, "index.json", bytes, err) < 0)
		return -1;
	if (index_parse(x, buf_span(bytes), err) < 0 || index_head_check(x, err) < 0)
		return err_wrap(err, "index.json");
	return 0;
}

/*
 * What other mirrors may read of index.json: nothing of a group, and no marks, since they name such
 * references. Without private entries it is the file, byte for byte.
 */
static int keep_public_index(struct state_load *l, struct buf *bytes, struct index *x,
			     struct err *err)
{
	cleanup_free struct entry **v = xcalloc(x->n, sizeof(*v));
	struct index public = { .v = v, .rest = x->rest };

	for (size_t i = 0; i < x->n; i++) {
		const struct repository *owner = l->owners[i];
		bool private = owner ? owner->group : entry_annotation(x->v[i], ANNOTATION_PRIVATE);

		if (!private)
			v[public.n++] = x->v[i];
	}
	l->nprivate = x->n - public.n;
	if (l->nprivate) {
		index_set_annotation(x, ANNOTATION_BAD, NULL);
		public.annotations = x->annotations;
		public.nannotations = x->nannotations;
		buf_clear(bytes);
		index_write(&public, bytes);
		if (buf_failed(bytes))
			return err_set(err, ERR_INVALID, 0, "index.json is too large");
	}
	return keep_index(l->state, buf_span(bytes), err);
}

static int fill_state(struct state_load *l, struct layout *layout, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	cleanup_by(index_release) struct index x = INDEX_INIT;

	if (read_index(layout, &bytes, &x, err) < 0)
		return err_wrap(err, "%s", layout->path);
	take_blobs(l->state, layout);
	l->tags = xcalloc(x.n, sizeof(*l->tags));
	l->owners = xcalloc(x.n, sizeof(*l->owners));
	for (size_t i = 0; i < x.n; i++)
		l->owners[i] = add_entry(l, x.v[i]);
	if (keep_public_index(l, &bytes, &x, err) < 0)
		return err_wrap(err, "%s", layout->path);
	buf_release(&bytes);
	name_generation(l->state, &x);
	index_release(&x);
	fill_repositories(l);
	list_hosts(l->state);
	return 0;
}

struct state *state_load(const struct state_source *from, const struct state *old, struct err *err)
{
	cleanup_by(layout_close) struct layout layout = LAYOUT_INIT;
	struct state_load l = { .name = from->name, .state = state_new() };
	int result;

	/* before it is read: when it is replaced meanwhile, the next look sees that */
	state_load_look(from, &l.state->file);
	object_graph_init(&l.graph, l.state, old);
	result = layout_open(&layout, from->mirror, LAYOUT_READ, err);
	if (result == 0)
		result = fill_state(&l, &layout, err);
	object_graph_release(&l.graph);
	free(l.tags);
	free(l.owners);
	malloc_trim(0); /* the index took more while it was read than what is kept of it */
	if (result < 0) {
		state_unref(l.state);
		return NULL;
	}
	warn_entries(&l, from);
	return l.state;
}

bool state_load_look(const struct state_source *from, struct stat *now)
{
	return stat(from->index, now) == 0;
}

bool state_load_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}
