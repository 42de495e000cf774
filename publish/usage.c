#include "publish/usage.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/strvec.h"
#include "oci/store/generation.h"
#include "oci/store/served.h"
#include "oci/store/served_build.h"
#include "oci/store/served_file.h"
#include "publish/mirror.h"

/* An entry under one of its names: a repository, a list, ... */
struct share {
	const char *name; /* lent by counting.names */
	enum usage_class class;
	uint32_t object;
};

struct counting {
	struct usage *usage;
	const struct mirror *mirror;
	enum usage_by by;
	struct served table;
	bool *here;       /* of objects: its file is on disk */
	uint32_t *marks;  /* ... the last row that reached it, + 1 */
	uint32_t *owners; /* ... the first row that reached it, + 1; MANY */
	uint32_t *stack;
	struct strvec names;
	struct share *v;
	size_t n, cap;
	const char *algorithm; /* the directory that is walked */
};

#define MANY UINT32_MAX

static void counting_release(struct counting *c)
{
	served_release(&c->table);
	free(c->here);
	free(c->marks);
	free(c->owners);
	free(c->stack);
	strvec_release(&c->names);
	free(c->v);
}

/* ---- the names of an entry ---- */

static enum usage_class class_of(const struct entry *e)
{
	if (entry_annotation(e, ANNOTATION_SUBJECT))
		return USAGE_REFERRER;
	return entry_annotation(e, ANNOTATION_SNAPSHOT_OF) ? USAGE_SNAPSHOT : USAGE_TAG;
}

static void add_share(struct counting *c, const struct entry *e, struct span name)
{
	uint32_t object = served_find(&c->table, e->digest.str);

	if (!object) /* of no form that is understood */
		return;
	c->v = xgrow(c->v, c->n, &c->cap, sizeof(*c->v));
	c->v[c->n++] = (struct share){
		.name = strvec_addf(&c->names, "%.*s", SPAN_ARG(name)),
		.class = class_of(e),
		.object = object,
	};
}

static void share_repository(struct counting *c, const struct entry *e)
{
	const char *slash = strrchr(e->ref, '/'), *at = strchr(e->ref, '@');
	const char *end = at ? at : strchr(slash ? slash : e->ref, ':');
	size_t n = end ? (size_t)(end - e->ref) : strlen(e->ref);

	/* a layout of another tool may have bare tags, which are of no repository */
	add_share(c, e, slash || at ? span_of(e->ref, n) : span_str("(no-name)"));
}

/* "base.list:1@c0ffee web.list:7@c0ffee": a file for each. */
static void share_list(struct counting *c, const struct entry *e)
{
	const char *text = entry_annotation(e, ANNOTATION_LIST);
	struct span rest = span_str(text ? text : ""), place, file;
	bool any = false;

	while ((place = span_word(&rest)).n) {
		span_cut(&place, ':', &file);
		add_share(c, e, file);
		any = true;
	}
	if (!any)
		add_share(c, e, span_str("(no-list)"));
}

/* "ann, ben": a row for each. */
static void share_owner(struct counting *c, const struct entry *e)
{
	const char *text = entry_annotation(e, ANNOTATION_OWNER);
	struct span rest = span_str(text ? text : "(no-owner)"), owner;

	while (span_cut(&rest, ',', &owner))
		add_share(c, e, span_trim(owner));
}

static void share_group(struct counting *c, const struct entry *e)
{
	const char *group = entry_annotation(e, ANNOTATION_PRIVATE);

	add_share(c, e, span_str(group ? group : "(public)"));
}

static void (*const share_by[USAGE_BYS])(struct counting *c, const struct entry *e) = {
	[USAGE_BY_REPOSITORY] = share_repository,
	[USAGE_BY_LIST] = share_list,
	[USAGE_BY_OWNER] = share_owner,
	[USAGE_BY_GROUP] = share_group,
};

const char *const usage_by_words[] = {
	[USAGE_BY_REPOSITORY] = "repository", [USAGE_BY_LIST] = "list", [USAGE_BY_OWNER] = "owner",
	[USAGE_BY_GROUP] = "group",           [USAGE_BYS] = NULL,
};

static int order_shares(const void *pa, const void *pb)
{
	const struct share *a = pa, *b = pb;
	int order = strcmp(a->name, b->name);

	if (!order)
		order = (int)a->class - (int)b->class;
	return order ? order : (a->object > b->object) - (a->object < b->object);
}

/* ---- what is on disk ---- */

static void add_file(struct usage_sum *sum, int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return; /* removed meanwhile, or a directory */
	sum->n++;
	sum->bytes += (uint64_t)st.st_size;
}

static int look_at_blob(const char *name, void *arg)
{
	struct counting *c = arg;
	cleanup_free char *digest = xasprintf("%s:%s", c->algorithm, name);
	uint32_t object = served_find(&c->table, digest);

	if (object)
		c->here[object] = true;
	else
		add_file(&c->usage->unreferenced,
			 c->mirror->layout.blobs[strcmp(c->algorithm, "sha512") == 0], name);
	return 0;
}

struct sum_walk {
	struct usage_sum *sum;
	int dir;
};

static int add_to_sum(const char *name, void *arg)
{
	struct sum_walk *w = arg;

	add_file(w->sum, w->dir, name);
	return 0;
}

/* The files of a directory that may be missing. */
static int sum_directory(const struct layout *l, const char *path, struct usage_sum *sum,
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

static int look_at_disk(struct counting *c, struct err *err)
{
	static const char *const algorithms[] = { "sha256", "sha512" };
	const struct layout *l = &c->mirror->layout;

	c->here = xcalloc(c->table.nobjects, sizeof(*c->here));
	for (size_t i = 0; i < 2; i++) {
		c->algorithm = algorithms[i];
		if (l->blobs[i] >= 0 && file_walk(l->blobs[i], ".", look_at_blob, c, err) < 0)
			return err_wrap(err, "%s", l->path);
	}
	if (sum_directory(l, ".mirror/partial", &c->usage->partial, err) < 0 ||
	    sum_directory(l, ".mirror/generations", &c->usage->records, err) < 0)
		return -1;
	return sum_directory(l, SERVED_FILE_DIR, &c->usage->records, err);
}

/* ---- counting ---- */

static void reach_object(struct counting *c, uint32_t row, enum usage_class class, uint32_t object)
{
	struct usage_row *r = &c->usage->v[row];

	if (c->here[object])
		r->bytes[class] += c->table.objects[object].size;
	c->owners[object] = !c->owners[object] ? row + 1 : MANY;
}

/* Everything that an entry reaches and that its row has not reached yet. */
static void reach_all(struct counting *c, uint32_t row, const struct share *s)
{
	size_t n = 0;

	if (c->marks[s->object] == row + 1)
		return;
	c->marks[s->object] = row + 1;
	c->stack[n++] = s->object;
	while (n) {
		const struct served_object *o = &c->table.objects[c->stack[n - 1]];

		reach_object(c, row, s->class, c->stack[--n]);
		for (uint32_t i = 0; i < o->nbelow; i++) {
			uint32_t below = c->table.links[o->below + i];

			if (!below || c->marks[below] == row + 1)
				continue;
			c->marks[below] = row + 1;
			c->stack[n++] = below;
		}
	}
}

static void count_rows(struct counting *c)
{
	struct usage *u = c->usage;

	for (size_t i = 0; i < c->n; i++) {
		const struct share *s = &c->v[i];

		if (!i || strcmp(c->v[i - 1].name, s->name) != 0) {
			u->v = xgrow(u->v, u->n, &u->cap, sizeof(*u->v));
			u->v[u->n++] = (struct usage_row){ .name = xstrdup(s->name) };
		}
		u->v[u->n - 1].entries[s->class]++;
		reach_all(c, (uint32_t)u->n - 1, s);
	}
}

/* Blobs that are here: whose they are, and what nothing reaches. */
static void count_objects(struct counting *c)
{
	for (uint32_t i = 1; i < c->table.nobjects; i++) {
		uint64_t size = c->table.objects[i].size;
		struct usage_sum *sum =
			c->owners[i] ? &c->usage->published : &c->usage->unreferenced;

		if (!c->here[i])
			continue;
		sum->n++;
		sum->bytes += size;
		if (c->owners[i] && c->owners[i] != MANY)
			c->usage->v[c->owners[i] - 1].unique += size;
	}
}

static int order_rows(const void *pa, const void *pb)
{
	const struct usage_row *a = pa, *b = pb;
	uint64_t na = usage_row_bytes(a), nb = usage_row_bytes(b);

	return na != nb ? (na < nb ? 1 : -1) : strcmp(a->name, b->name);
}

uint64_t usage_row_bytes(const struct usage_row *r)
{
	return r->bytes[USAGE_TAG] + r->bytes[USAGE_SNAPSHOT] + r->bytes[USAGE_REFERRER];
}

/* ---- all of it ---- */

/* The table of exactly this index. Manifests that an earlier table has are not read again. */
static int make_table(struct counting *c, struct err *err)
{
	const struct mirror *m = c->mirror;
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
	if (served_build(&c->table, &from, err) < 0)
		return err_wrap(err, "%s", m->layout.path);
	c->usage->odd = notes.odd;
	return 0;
}

static int count_all(struct counting *c, struct err *err)
{
	const struct index *x = &c->mirror->index;

	if (make_table(c, err) < 0 || look_at_disk(c, err) < 0)
		return -1;
	for (size_t i = 0; i < x->n; i++)
		share_by[c->by](c, x->v[i]);
	if (c->n)
		qsort(c->v, c->n, sizeof(*c->v), order_shares);
	c->marks = xcalloc(c->table.nobjects, sizeof(*c->marks));
	c->owners = xcalloc(c->table.nobjects, sizeof(*c->owners));
	c->stack = xcalloc(c->table.nobjects, sizeof(*c->stack));
	count_rows(c);
	count_objects(c);
	if (c->usage->n)
		qsort(c->usage->v, c->usage->n, sizeof(*c->usage->v), order_rows);
	return 0;
}

int usage_read(struct usage *u, const struct mirror *m, enum usage_by by, struct err *err)
{
	cleanup_by(counting_release) struct counting c = {
		.usage = u, .mirror = m, .by = by, .names = STRVEC_INIT
	};

	*u = (struct usage){ .v = NULL };
	if (count_all(&c, err) == 0)
		return 0;
	usage_release(u);
	return -1;
}

void usage_release(struct usage *u)
{
	for (size_t i = 0; i < u->n; i++)
		free(u->v[i].name);
	free(u->v);
	*u = (struct usage){ .v = NULL };
}
