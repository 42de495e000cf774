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
 *	blobs			ask_for_blobs: counts what is missing, asks admit, then asks for
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

/* A manifest or blob that one image consists of; one for each digest of a walk. */
struct want {
	struct digest digest;
	int64_t size; /* -1: not known (a root) */
	bool manifest;
	int depth;                     /* of manifests: the root is 0 */
	enum media_type_kind promised; /* by the descriptor; MEDIA_OTHER: nothing */
	char *urls;                    /* of a foreign layer; or NULL */
	struct walk *walk;
	struct want *next_of_object; /* others that wait for the same digest */
};

/* One image under way. */
struct walk {
	struct fetch *fetch;
	struct ref from;
	char *platforms; /* or NULL */
	struct digest root;
	struct table seen;   /* wants by digest, owned */
	struct want **blobs; /* those of `seen` that are blobs and missing, in the order met */
	size_t nblobs, capblobs;
	struct digest *manifests; /* walked, the root first */
	size_t nmanifests, capmanifests;
	size_t waiting; /* wants under way */
	bool failed, blobs_asked, in_walk;
	struct err err;
	char *media_type; /* of the root */
	int64_t size, missing, bytes;
	unsigned requests;
	fetch_admit *admit;
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
	struct layout *layout;
	struct table objects; /* under way, by digest */
	bool measuring;
	const struct layout *base; /* when measuring; or NULL */
	struct table counted;      /* digests that were, owned */
	struct buf scratch;        /* a manifest read back from the store */
};

struct fetch *fetch_new(struct registry *r, struct layout *l)
{
	struct fetch *f = xcalloc(1, sizeof(*f));

	f->registry = r;
	f->layout = l;
	buf_init(&f->scratch, LIMIT_MANIFEST);
	return f;
}

void fetch_free(struct fetch *f)
{
	if (!f)
		return;
	table_release(&f->objects);
	table_clear(&f->counted, free);
	buf_release(&f->scratch);
	free(f);
}

void fetch_measure(struct fetch *f, const struct layout *base)
{
	f->measuring = true;
	f->base = base;
}

/* Whether the store that is written has it, or the one that is only read. */
static bool has_content(const struct fetch *f, const struct digest *d, int64_t size)
{
	return layout_has(f->layout, d, size) || (f->base && layout_has(f->base, d, size));
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
	table_clear(&w->seen, free_want);
	ref_release(&w->from);
	free(w->platforms);
	free(w->blobs);
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

static void ask_for_blobs(struct walk *w);

/* Called when a want is finished: goes on to the blobs, or ends the walk. */
static void walk_step(struct walk *w)
{
	if (w->in_walk || w->waiting)
		return;
	if (!w->failed && !w->blobs_asked) {
		/* blobs may arrive at once; the last one must not end the walk in here */
		w->in_walk = true;
		ask_for_blobs(w);
		w->in_walk = false;
		if (w->waiting)
			return;
	}
	w->done(w->arg, &(struct fetch_result){
				.err = w->failed ? &w->err : NULL,
				.media_type = w->media_type && !w->failed ? w->media_type : "",
				.size = w->size,
				.missing = w->missing,
				.manifests = w->manifests,
				.nmanifests = w->nmanifests,
				.bytes = w->bytes,
				.requests = w->requests,
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
	bool in_base = f->base && !layout_has(f->layout, &want->digest, -1);
	const struct layout *from = in_base ? f->base : f->layout;
	struct err err;

	if (layout_read(from, &want->digest, &f->scratch, &err) < 0) {
		walk_fail(want->walk, &err);
		return;
	}
	walk_manifest(want, buf_span(&f->scratch));
}

/* Images that share a digest may declare different sizes. */
static void check_wanted_size(struct want *w)
{
	struct err err;

	if (w->size < 0 || layout_has(w->walk->fetch->layout, &w->digest, w->size))
		return;
	err_set(&err, ERR_INVALID, 0, "blob %s has not the %lld bytes that its manifest says",
		w->digest.str, (long long)w->size);
	walk_fail(w->walk, &err);
}

/* The digest is in the store: all walks that wait for it go on. */
static void object_arrived(struct object *o)
{
	struct want *next;

	table_remove(&o->fetch->objects, o->digest.str);
	for (struct want *w = o->wants; w; w = next) {
		struct walk *walk = w->walk;

		next = w->next_of_object;
		walk->waiting--;
		if (!w->manifest) {
			check_wanted_size(w);
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
			err_wrap(&err, "manifest %s", o->digest.str);
		object_failed(o, &err);
		return;
	}
	if (layout_put(o->fetch->layout, &o->digest, m->bytes.p, m->bytes.n, &err) < 0)
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

		err_wrap(&err, "blob %s", o->digest.str);
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
			      o->fetch->layout, got_blob, o);
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

/* An image that gives one digest two sizes is invalid. */
static void check_same_size(struct walk *w, const struct want *met, int64_t size)
{
	struct err err;

	if (met->size < 0 || met->size == size)
		return;
	err_set(&err, ERR_INVALID, 0, "%s is said to have %lld bytes, and %lld", met->digest.str,
		(long long)met->size, (long long)size);
	walk_fail(w, &err);
}

/* A new want of this image, or NULL when it was met before. */
static struct want *walk_meet(struct walk *w, const struct digest *d, int64_t size)
{
	struct want *want = table_get(&w->seen, d->str);

	if (want) {
		check_same_size(w, want, size);
		return NULL;
	}
	want = xcalloc(1, sizeof(*want));
	want->digest = *d;
	want->size = size;
	want->walk = w;
	table_put(&w->seen, want->digest.str, want);
	return want;
}

/* Stores content that the descriptor itself carries, or that its digest tells: not every registry
 * stores the empty descriptor (image-spec, manifest.md, "Guidance for an Empty Descriptor"). */
static bool put_embedded(struct walk *w, const struct descriptor *d)
{
	cleanup_free char *data = descriptor_data(d);
	struct err ignored;
	static const char *const known[] = { "", "{}" };

	if (data && layout_put(w->fetch->layout, &d->digest, data, (size_t)d->size, &ignored) == 0)
		return true;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct digest digest;

		if (d->size != (int64_t)strlen(known[i]))
			continue;
		digest_of(&d->digest, known[i], strlen(known[i]), &digest);
		if (digest_eq(&digest, &d->digest))
			return layout_put(w->fetch->layout, &d->digest, known[i], strlen(known[i]),
					  &ignored) == 0;
	}
	return false;
}

static void meet_blob(struct walk *w, const struct descriptor *d)
{
	struct want *want = walk_meet(w, &d->digest, d->size);

	if (!want || has_content(w->fetch, &d->digest, d->size) || put_embedded(w, d))
		return;
	want->urls = descriptor_urls(d);
	w->blobs = xgrow(w->blobs, w->nblobs, &w->capblobs, sizeof(*w->blobs));
	w->blobs[w->nblobs++] = want;
}

static int check_child(const struct descriptor *d, int depth, struct err *err)
{
	if (d->size > (int64_t)LIMIT_MANIFEST)
		return err_set(err, ERR_INVALID, 0,
			       "manifest %s has %lld bytes, more than the %lu allowed",
			       d->digest.str, (long long)d->size, LIMIT_MANIFEST);
	if (depth > LIMIT_NESTING)
		return err_set(err, ERR_INVALID, 0, "indexes are nested more than %d deep",
			       LIMIT_NESTING);
	return 0;
}

static void meet_manifest(struct walk *w, const struct descriptor *d, int depth)
{
	struct want *want = walk_meet(w, &d->digest, d->size);
	struct err err;

	if (!want)
		return;
	want->manifest = true;
	want->depth = depth;
	want->promised = media_type_kind(d->media_type);
	if (check_child(d, depth, &err) < 0)
		walk_fail(w, &err);
	else if (has_content(w->fetch, &d->digest, d->size))
		walk_stored(want);
	else
		want_ask(want);
}

/* Descriptor and manifest must agree on the size and the kind: some clients read the one, some the
 * other. */
static int check_promise(const struct want *want, const struct manifest *m, size_t size,
			 struct err *err)
{
	if (want->size >= 0 && (size_t)want->size != size)
		return err_set(err, ERR_INVALID, 0,
			       "manifest %s has %zu bytes where its index says %lld",
			       want->digest.str, size, (long long)want->size);
	if (want->promised != MEDIA_OTHER && want->promised != m->kind)
		return err_set(err, ERR_INVALID, 0,
			       "manifest %s is %s where its index says the other", want->digest.str,
			       m->kind == MEDIA_INDEX ? "an index" : "an image manifest");
	return 0;
}

/* An index may list children that are no manifests (image-spec, image-index.md, lists media
 * types that "implementations ... MUST support"; others are legal). Such a child is fetched like
 * a blob. */
static bool is_manifest_like(const struct descriptor *d)
{
	return media_type_kind(d->media_type) != MEDIA_OTHER || !d->media_type[0];
}

static void walk_below(struct want *want, const struct manifest *m)
{
	struct walk *w = want->walk;

	for (size_t i = 0; i < m->n && !w->failed; i++) {
		if (m->kind == MEDIA_MANIFEST || !is_manifest_like(&m->below[i]))
			meet_blob(w, &m->below[i]);
		else if (manifest_wanted(m, i, w->platforms))
			meet_manifest(w, &m->below[i], want->depth + 1);
	}
}

static void walk_manifest(struct want *want, struct span bytes)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct walk *w = want->walk;
	struct err err;

	if (manifest_parse(&m, bytes, NULL, &err) < 0 ||
	    check_promise(want, &m, bytes.n, &err) < 0) {
		if (want->depth)
			err_wrap(&err, "manifest %s", want->digest.str);
		walk_fail(w, &err);
		return;
	}
	w->manifests = xgrow(w->manifests, w->nmanifests, &w->capmanifests, sizeof(*w->manifests));
	w->manifests[w->nmanifests++] = want->digest;
	if (want->depth == 0) {
		w->media_type = xstrdup(m.media_type);
		w->size = (int64_t)bytes.n;
	}
	walk_below(want, &m);
}

/* Bytes of the blobs that are not under way (or, when measuring, not counted) yet, without the
 * parts that an earlier run left. */
static int64_t count_missing(struct walk *w)
{
	struct fetch *f = w->fetch;
	int64_t missing = 0;

	for (size_t i = 0; i < w->nblobs; i++) {
		const char *digest = w->blobs[i]->digest.str;
		char *copy;

		if (table_get(f->measuring ? &f->counted : &f->objects, digest))
			continue;
		missing += w->blobs[i]->size;
		if (!f->measuring) {
			missing -= layout_begun(f->layout, &w->blobs[i]->digest, w->blobs[i]->size);
			continue;
		}
		copy = xstrdup(digest);
		table_put(&f->counted, copy, copy);
	}
	return missing;
}

static void ask_for_blobs(struct walk *w)
{
	int64_t missing = count_missing(w);
	struct err err;

	w->blobs_asked = true;
	if (w->fetch->measuring) {
		w->missing = missing;
		return;
	}
	if (missing && w->admit && w->admit(w->arg, missing, &err) < 0) {
		walk_fail(w, &err);
		return;
	}
	for (size_t i = 0; i < w->nblobs; i++) {
		/* another image may have brought it since this walk met it */
		if (!layout_has(w->fetch->layout, &w->blobs[i]->digest, w->blobs[i]->size))
			want_ask(w->blobs[i]);
	}
}

void fetch_image(struct fetch *f, const struct ref *from, const struct digest *root,
		 const char *platforms, fetch_admit *admit, fetch_done *done, void *arg)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	struct descriptor d = { .media_type = "", .digest = *root, .size = -1 };

	w->fetch = f;
	ref_copy(&w->from, from);
	w->platforms = platforms ? xstrdup(platforms) : NULL;
	w->root = *root;
	w->admit = admit;
	w->done = done;
	w->arg = arg;
	w->in_walk = true;
	meet_manifest(w, &d, 0);
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
			bytes += (uint64_t)(w->size - layout_begun(f->layout, &o->digest, w->size));
	}
	return bytes;
}
