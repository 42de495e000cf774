/*
 * The life of an image's fetch (struct walk). Each digest that the walk meets becomes a want.
 *
 *	fetch_image			meets the root
 *	  |
 *	  v
 *	manifests		walk_stored for one that the store has, else want_ask;
 *	  |  each that comes		walk_manifest reads it and meets what is below: manifests
 *	  |				at once, blobs into walk->blobs
 *	  |  no want under way: walk_step
 *	  v
 *	configs			ask_for_configs: those that tell a platform; then walk_step
 *	  v
 *	blobs			has_judged asks judge; with only_judge it ends here
 *	  |			ask_for_blobs: counts what is missing, asks admit, then asks for
 *	  |				each blob; when only measuring it stops after counting
 *	  |  no want under way: walk_step
 *	  v
 *	done				called once, and the walk is freed
 *
 * walk_fail() at any point: nothing new is asked for, and done is called when the last want under
 * way has come back.
 *
 * The life of a digest under way (struct object), which several walks may want:
 *
 *	want_ask		asks the repository of the first want; later wants join the list
 *	  |-- it came: object_arrived	stored; all wants go on
 *	  '-- it failed: object_failed	the wants of that repository (and size) fail with it; if
 *					others are left, the first of these has its repository asked
 *
 * A walk whose in_walk is set is being worked on further up the stack: walk_step() leaves it alone.
 */
#include "sync/fetch.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/base/table.h"
#include "oci/image/manifest.h"
#include "oci/registry/registry.h"
#include "oci/store/layout.h"
#include "sync/fetch_check.h"
#include "sync/fetch_store.h"
#include "sync/platforms.h"

/* A manifest or blob that one image consists of; one for each digest of a walk. */
struct want {
	struct digest digest;
	int64_t size; /* -1: not known (a root) */
	bool manifest;
	bool arrived;                  /* of blobs: it came with this walk */
	bool tells;                    /* the platform of a manifest: no index names it */
	int depth;                     /* of manifests: the root is 0 */
	enum media_type_kind promised; /* by the descriptor; MEDIA_OTHER: nothing */
	char *urls;                    /* of a foreign layer; or NULL */
	struct walk *walk;
	struct want *next_of_object; /* others that wait for the same digest */
};

/* What a walk asks for now. */
enum walk_phase { WALK_MANIFESTS, WALK_CONFIGS, WALK_BLOBS, WALK_END };

/* One image under way. */
struct walk {
	struct fetch *fetch;
	struct ref from;
	char *platforms; /* or NULL */
	bool only_judge, no_external;
	/* Wants by digest, owned. A digest may be named as a blob and as a manifest: as the latter
	 * it has something below it. */
	struct table seen_blobs, seen_manifests;
	struct want **blobs; /* those of seen_blobs that are missing, in the order met */
	size_t nblobs, capblobs;
	struct digest *manifests; /* walked, the root first */
	size_t nmanifests, capmanifests;
	struct platforms there; /* told so far */
	struct want **configs;  /* of seen_blobs: they tell more */
	size_t nconfigs, capconfigs;
	size_t waiting; /* wants under way */
	enum walk_phase phase;
	bool failed, is_refused, in_walk;
	struct err err;
	struct digest lacked; /* that its repository does not have; "" */
	char *media_type;     /* of the root */
	int64_t size, missing, bytes;
	unsigned requests;
	fetch_admit *admit;
	fetch_judge *judge;
	fetch_done *done;
	void *arg;
};

/* A digest that is being fetched, and the wants that wait for it. */
struct object {
	struct digest digest;
	struct fetch *fetch;
	struct want *wants; /* the first one's repository is being asked */
};

struct fetch {
	struct registry *registry;
	struct fetch_store store;
	struct table objects;   /* under way, by digest */
	struct buf scratch;     /* a manifest read back from the store */
	fetch_refuses *refuses; /* or NULL */
	void *refuses_arg;
};

struct fetch *fetch_new(struct registry *r, struct layout *l)
{
	struct fetch *f = xcalloc(1, sizeof(*f));

	f->registry = r;
	f->store.layout = l;
	buf_init(&f->scratch, LIMIT_MANIFEST);
	return f;
}

void fetch_free(struct fetch *f)
{
	if (!f)
		return;
	table_release(&f->objects);
	fetch_store_release(&f->store);
	buf_release(&f->scratch);
	free(f);
}

void fetch_measure(struct fetch *f, const struct layout *base)
{
	f->store.measuring = true;
	f->store.base = base;
}

void fetch_refuse(struct fetch *f, fetch_refuses *refuses, void *arg)
{
	f->refuses = refuses;
	f->refuses_arg = arg;
}

/* ---- one image ---- */

static void free_want(void *p)
{
	struct want *want = p;

	free(want->urls);
	free(want);
}

static void walk_free(struct walk *w)
{
	table_clear(&w->seen_blobs, free_want);
	table_clear(&w->seen_manifests, free_want);
	platforms_release(&w->there);
	ref_release(&w->from);
	free(w->platforms);
	free(w->blobs);
	free(w->configs);
	free(w->manifests);
	free(w->media_type);
	free(w);
}

/* The first failure is the image's. Wants under way go on, since other images may share them. */
static void walk_fail(struct walk *w, const struct err *err)
{
	if (w->failed)
		return;
	w->failed = true;
	w->err = *err;
}

static void ask_for_configs(struct walk *w);
static bool has_judged(struct walk *w);
static void ask_for_blobs(struct walk *w);

static void walk_next_phase(struct walk *w)
{
	switch (w->phase++) {
	case WALK_MANIFESTS: ask_for_configs(w); break;
	case WALK_CONFIGS:
		if (has_judged(w) && !w->only_judge)
			ask_for_blobs(w);
		break;
	case WALK_BLOBS:
	case WALK_END: break;
	}
}

/* Called when a want is finished: goes on to the next phase, or ends the walk. */
static void walk_step(struct walk *w)
{
	if (w->in_walk || w->waiting)
		return;
	/* blobs may arrive at once; the last one must not end the walk in here */
	w->in_walk = true;
	while (!w->failed && !w->waiting && w->phase != WALK_END)
		walk_next_phase(w);
	w->in_walk = false;
	if (w->waiting)
		return;
	w->done(w->arg, &(struct fetch_result){
				.err = w->failed ? &w->err : NULL,
				.media_type = w->media_type && !w->failed ? w->media_type : "",
				.size = w->size,
				.missing = w->missing,
				.manifests = w->manifests,
				.nmanifests = w->nmanifests,
				.bytes = w->bytes,
				.requests = w->requests,
				.is_refused = w->is_refused,
				.lacked = w->lacked,
			});
	walk_free(w);
}

/* ---- one digest ---- */

static void object_ask(struct object *o);
static void walk_manifest(struct want *want, struct span bytes);

/* Reads a manifest that is in the store and walks on below it. */
static void walk_stored(struct want *want)
{
	struct fetch *f = want->walk->fetch;
	struct err err;

	if (fetch_store_read(&f->store, &want->digest, &f->scratch, &err) < 0) {
		walk_fail(want->walk, &err);
		return;
	}
	walk_manifest(want, buf_span(&f->scratch));
}

/* The digest is in the store: all walks that wait for it go on. */
static void object_arrived(struct object *o)
{
	struct want *next;
	struct err err;

	table_remove(&o->fetch->objects, o->digest.str);
	for (struct want *w = o->wants; w; w = next) {
		struct walk *walk = w->walk;

		next = w->next_of_object;
		walk->waiting--;
		if (!w->manifest) {
			w->arrived = true;
			if (fetch_check_blob(o->fetch->store.layout, &w->digest, w->size, &err) < 0)
				walk_fail(walk, &err);
		} else if (!walk->failed) {
			walk->in_walk = true;
			walk_stored(w);
			walk->in_walk = false;
		}
		walk_step(walk);
	}
	free(o);
}

/* Whether two wants make the same request: same repository, and same size of a blob. */
static bool is_same_request(const struct want *a, const struct want *b)
{
	const struct ref *p = &a->walk->from, *q = &b->walk->from;

	return strcmp(p->host, q->host) == 0 && strcmp(p->path, q->path) == 0 &&
	       a->manifest == b->manifest && (a->manifest || a->size == b->size);
}

/* The repository that was asked cannot give it: wants with the same request fail. The repository of
 * the next want may have it, or its size may be right. */
static void object_failed(struct object *o, const struct err *err)
{
	struct want *left = NULL, **tail = &left, *next;
	const struct want *asked = o->wants;
	struct want *failed = NULL;

	for (struct want *w = o->wants; w; w = next) {
		next = w->next_of_object;
		if (is_same_request(asked, w)) {
			w->next_of_object = failed;
			failed = w;
		} else {
			*tail = w;
			tail = &w->next_of_object;
		}
	}
	*tail = NULL;
	o->wants = left;
	if (!left) {
		table_remove(&o->fetch->objects, o->digest.str);
		free(o);
	} else {
		object_ask(o);
	}
	for (struct want *w = failed; w; w = next) {
		next = w->next_of_object;
		w->walk->waiting--;
		if (!w->walk->failed && err->kind == ERR_NOTFOUND)
			w->walk->lacked = w->digest;
		walk_fail(w->walk, err);
		walk_step(w->walk);
	}
}

static void got_manifest(void *arg, const struct registry_manifest *m)
{
	struct object *o = arg;
	struct err err;

	o->wants->walk->requests += m->requests;
	o->wants->walk->bytes += (int64_t)m->bytes.n;
	if (m->err) {
		err = *m->err;
		/* other errors are about the registry, not about this manifest */
		if (err.kind == ERR_NOTFOUND)
			fetch_check_name(&err, "manifest", &o->digest);
		object_failed(o, &err);
		return;
	}
	if (layout_put(o->fetch->store.layout, &o->digest, m->bytes.p, m->bytes.n, &err) < 0)
		object_failed(o, &err);
	else
		object_arrived(o);
}

static void got_blob(void *arg, const struct registry_blob *b)
{
	struct object *o = arg;

	o->wants->walk->requests += b->requests;
	o->wants->walk->bytes += b->bytes;
	if (b->err) {
		struct err err = *b->err;

		fetch_check_name(&err, "blob", &o->digest);
		object_failed(o, &err);
	} else {
		object_arrived(o);
	}
}

static void object_ask(struct object *o)
{
	struct want *w = o->wants;

	if (w->manifest)
		registry_manifest(o->fetch->registry, &w->walk->from, &o->digest, got_manifest, o);
	else
		registry_blob(o->fetch->registry, &w->walk->from,
			      &(struct registry_wanted){ &o->digest, w->size, w->urls },
			      o->fetch->store.layout, got_blob, o);
}

/* Asks for a digest, or joins the wants for which it is under way. */
static void want_ask(struct want *want)
{
	struct fetch *f = want->walk->fetch;
	struct object *o = table_get(&f->objects, want->digest.str);

	want->walk->waiting++;
	if (o) {
		want->next_of_object = o->wants->next_of_object;
		o->wants->next_of_object = want;
		return;
	}
	o = xcalloc(1, sizeof(*o));
	o->digest = want->digest;
	o->fetch = f;
	o->wants = want;
	want->next_of_object = NULL;
	table_put(&f->objects, o->digest.str, o);
	object_ask(o);
}

/* ---- the walk ---- */

/* A new want of this image, or NULL when it was met before as what it is now, or is refused. */
static struct want *walk_meet(struct walk *w, const struct descriptor *d, bool manifest)
{
	struct table *seen = manifest ? &w->seen_manifests : &w->seen_blobs;
	struct want *want = table_get(seen, d->digest.str);
	const struct fetch *f = w->fetch;
	struct err err;

	if (want) {
		if (fetch_check_size(&want->digest, want->size, d->size, &err) < 0)
			walk_fail(w, &err);
		return NULL;
	}
	want = xcalloc(1, sizeof(*want));
	want->digest = d->digest;
	want->size = d->size;
	want->manifest = manifest;
	want->walk = w;
	table_put(seen, want->digest.str, want);
	if (!f->refuses || f->refuses(f->refuses_arg, &want->digest, &err) == 0)
		return want;
	w->is_refused = true;
	walk_fail(w, &err);
	return NULL;
}

static void meet_blob(struct walk *w, const struct descriptor *d)
{
	const struct fetch_store *s = &w->fetch->store;
	struct want *want = walk_meet(w, d, false);

	if (!want || fetch_store_has_blob(s, &d->digest, d->size) || fetch_store_put_embedded(s, d))
		return;
	want->urls = descriptor_urls(d);
	w->blobs = xgrow(w->blobs, w->nblobs, &w->capblobs, sizeof(*w->blobs));
	w->blobs[w->nblobs++] = want;
}

/* The config of an image tells its platform. */
static void meet_config(struct walk *w, const struct descriptor *d)
{
	struct want *want;

	meet_blob(w, d);
	want = table_get(&w->seen_blobs, d->digest.str);
	w->configs = xgrow(w->configs, w->nconfigs, &w->capconfigs, sizeof(*w->configs));
	w->configs[w->nconfigs++] = want;
}

static void meet_manifest(struct walk *w, const struct descriptor *d, int depth, bool tells)
{
	struct want *want = walk_meet(w, d, true);
	struct err err;

	if (!want)
		return;
	want->depth = depth;
	want->tells = tells;
	want->promised = media_type_kind(d->media_type);
	if (fetch_check_child(d, depth, &err) < 0)
		walk_fail(w, &err);
	else if (fetch_store_has(&w->fetch->store, &d->digest, d->size))
		walk_stored(want);
	else
		want_ask(want);
}

static void walk_image(struct want *want, const struct manifest *m)
{
	const struct descriptor *config = want->tells ? platforms_config(m) : NULL;
	struct walk *w = want->walk;

	if (config)
		meet_config(w, config);
	for (size_t i = 0; i < m->n && !w->only_judge; i++)
		if (!w->no_external || !media_type_is_foreign(m->below[i].media_type))
			meet_blob(w, &m->below[i]);
}

static void walk_index(struct want *want, const struct manifest *m)
{
	struct walk *w = want->walk;
	cleanup_free bool *wanted = manifest_choose(m, w->platforms);

	if (want->tells)
		platforms_add_index(&w->there, m);
	for (size_t i = 0; i < m->n && !w->failed; i++) {
		bool tells = want->tells && platforms_child_is_unnamed(m, i);

		if (w->only_judge && !tells)
			continue;
		if (fetch_check_is_manifest(&m->below[i])) {
			if (wanted[i])
				meet_manifest(w, &m->below[i], want->depth + 1, tells);
		} else if (!w->only_judge) {
			meet_blob(w, &m->below[i]);
		}
	}
}

static void walk_manifest(struct want *want, struct span bytes)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	const struct fetch_promise promise = { &want->digest, want->size, want->promised };
	struct walk *w = want->walk;
	struct err err;

	if (manifest_parse(&m, bytes, NULL, &err) < 0 ||
	    fetch_check_promise(&promise, &m, bytes.n, &err) < 0) {
		if (want->depth)
			fetch_check_name(&err, "manifest", &want->digest);
		walk_fail(w, &err);
		return;
	}
	w->manifests = xgrow(w->manifests, w->nmanifests, &w->capmanifests, sizeof(*w->manifests));
	w->manifests[w->nmanifests++] = want->digest;
	if (want->depth == 0) {
		w->media_type = xstrdup(m.media_type);
		w->size = (int64_t)bytes.n;
	}
	if (m.kind == MEDIA_INDEX)
		walk_index(want, &m);
	else
		walk_image(want, &m);
}

static void ask_for_configs(struct walk *w)
{
	for (size_t i = 0; i < w->nconfigs; i++)
		if (!fetch_store_has(&w->fetch->store, &w->configs[i]->digest, w->configs[i]->size))
			want_ask(w->configs[i]);
}

/* False when somebody judges the image by its platforms and refuses it. */
static bool has_judged(struct walk *w)
{
	struct fetch *f = w->fetch;
	struct err err;

	for (size_t i = 0; i < w->nconfigs; i++)
		if (fetch_store_read(&f->store, &w->configs[i]->digest, &f->scratch, &err) == 0)
			platforms_add_config(&w->there, buf_span(&f->scratch));
	if (w->judge && w->judge(w->arg, &w->there, &err) < 0)
		walk_fail(w, &err);
	return !w->failed;
}

/* Bytes of the blobs that are not under way (or, when measuring, not counted) yet, without the
 * parts that an earlier run left. */
static int64_t count_missing(struct walk *w)
{
	struct fetch *f = w->fetch;
	int64_t missing = 0;

	for (size_t i = 0; i < w->nblobs; i++) {
		const struct want *b = w->blobs[i];

		if (f->store.measuring)
			missing += fetch_store_count(&f->store, &b->digest) ? b->size : 0;
		else if (!b->arrived && !table_get(&f->objects, b->digest.str))
			missing += b->size - layout_begun(f->store.layout, &b->digest, b->size);
	}
	return missing;
}

static void ask_for_blobs(struct walk *w)
{
	int64_t missing = count_missing(w);
	struct err err;

	if (w->fetch->store.measuring) {
		w->missing = missing;
		return;
	}
	if (missing && w->admit && w->admit(w->arg, missing, &err) < 0) {
		walk_fail(w, &err);
		return;
	}
	for (size_t i = 0; i < w->nblobs; i++) {
		/* another image may have brought it since this walk met it */
		if (!layout_has(w->fetch->store.layout, &w->blobs[i]->digest, w->blobs[i]->size))
			want_ask(w->blobs[i]);
	}
}

void fetch_image_as(struct fetch *f, const struct ref *from, const struct digest *root,
		    const struct fetch_how *how, fetch_done *done, void *arg)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	struct descriptor d = { .media_type = "", .digest = *root, .size = -1 };

	w->fetch = f;
	ref_copy(&w->from, from);
	w->platforms = how->platforms ? xstrdup(how->platforms) : NULL;
	w->only_judge = how->only_judge;
	w->no_external = how->no_external;
	w->admit = how->admit;
	w->judge = how->judge;
	w->done = done;
	w->arg = arg;
	w->in_walk = true;
	meet_manifest(w, &d, 0, w->judge != NULL);
	w->in_walk = false;
	walk_step(w);
}

uint64_t fetch_awaited(const struct fetch *f)
{
	const struct object *o;
	uint64_t bytes = 0;

	for (size_t at = 0; (o = table_next(&f->objects, &at));) {
		const struct want *w = o->wants;

		if (!w->manifest)
			bytes += (uint64_t)(w->size -
					    layout_begun(f->store.layout, &o->digest, w->size));
	}
	return bytes;
}
