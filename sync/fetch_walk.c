#include "sync/fetch_walk.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/image/manifest.h"
#include "oci/image/media_type.h"
#include "oci/store/layout.h"
#include "sync/disk_space.h"
#include "sync/fetch_check.h"
#include "sync/fetch_object.h"
#include "sync/fetch_proof.h"

/* Manifests of one image that are under way at a time. */
#define MANIFESTS_AT_ONCE 16

static void free_want(void *p)
{
	struct want *want = p;

	free(want->urls);
	free(want);
}

static uint64_t size_of(const struct want *want)
{
	return want->size > 0 ? (uint64_t)want->size : 0;
}

static void walk_free(struct walk *w)
{
	for (size_t i = w->next_missing; i < w->nmissing; i++)
		w->fetch->queued -= size_of(w->missing[i]);
	table_clear(&w->seen_blobs, free_want);
	table_clear(&w->seen_manifests, free_want);
	platforms_release(&w->there);
	ref_release(&w->from);
	free(w->platforms);
	free(w->repository);
	free(w->blobs);
	free(w->configs);
	free(w->missing);
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

/* The image will not come, in this run or another one, unless something changes. */
static void walk_refuse(struct walk *w, const struct err *err)
{
	w->gives_back = true;
	walk_fail(w, err);
}

/* ---- what it leaves on the disk ---- */

static void walk_enter(struct walk *w)
{
	struct fetch *f = w->fetch;

	w->after = f->walks;
	if (w->after)
		w->after->before = w;
	f->walks = w;
}

static void walk_leave(struct walk *w)
{
	*(w->before ? &w->before->after : &w->fetch->walks) = w->after;
	if (w->after)
		w->after->before = w->before;
}

/* Whether an image under way consists of it, too. */
static bool is_shared(const struct fetch *f, const struct digest *d)
{
	for (const struct walk *w = f->walks; w; w = w->after)
		if (table_get(&w->seen_blobs, d->str) || table_get(&w->seen_manifests, d->str))
			return true;
	return false;
}

static void settle_files(struct walk *w, const struct table *seen)
{
	struct layout *l = w->fetch->store.layout;
	const struct want *want;

	for (size_t at = 0; (want = table_next(seen, &at));) {
		if (!w->gives_back)
			layout_keep(l, &want->digest);
		else if (!is_shared(w->fetch, &want->digest))
			layout_drop(l, &want->digest);
	}
}

/* ---- its phases ---- */

static void ask_for_manifests(struct walk *w);
static void ask_for_configs(struct walk *w);
static bool has_judged(struct walk *w);
static void ask_for_blobs(struct walk *w);

static void walk_next_phase(struct walk *w)
{
	switch (w->phase++) {
	case WALK_MANIFESTS: ask_for_configs(w); break;
	case WALK_CONFIGS:
		if (has_judged(w) && w->only_judge)
			w->phase = WALK_END;
		break;
	case WALK_PROOFS:
		/* what others bring meanwhile may be private, too */
		if (!fetch_proof_is_whole(w))
			w->phase = WALK_PROOFS;
		else
			ask_for_blobs(w);
		break;
	case WALK_BLOBS:
	case WALK_END: break;
	}
}

/* Called when a want is finished: goes on to the next phase, or ends the walk. */
static void walk_step(struct walk *w)
{
	struct err err;

	if (w->in_walk)
		return;
	/* blobs may arrive at once; the last one must not end the walk in here */
	w->in_walk = true;
	ask_for_manifests(w);
	while (!w->failed && !w->waiting && w->phase != WALK_END)
		walk_next_phase(w);
	if (fetch_proof_flush(w, &err) < 0)
		walk_fail(w, &err);
	w->in_walk = false;
	if (w->waiting)
		return;
	walk_leave(w);
	settle_files(w, &w->seen_blobs);
	settle_files(w, &w->seen_manifests);
	w->done(w->arg, &(struct fetch_result){
				.err = w->failed ? &w->err : NULL,
				.media_type = w->media_type && !w->failed ? w->media_type : "",
				.size = w->size,
				.missing = w->measured,
				.manifests = w->manifests,
				.nmanifests = w->nmanifests,
				.bytes = w->bytes,
				.requests = w->requests,
				.is_refused = w->is_refused,
				.lacked = w->lacked,
			});
	walk_free(w);
}

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

void fetch_walk_came(struct want *want)
{
	struct walk *w = want->walk;
	struct err err;

	w->waiting--;
	if (!want->manifest) {
		want->arrived = true;
		if (fetch_check_blob(w->fetch->store.layout, &want->digest, want->size, &err) < 0)
			walk_fail(w, &err);
	} else if (!w->failed) {
		w->in_walk = true;
		walk_stored(want);
		w->in_walk = false;
	}
	walk_step(w);
}

void fetch_walk_proven(struct want *want)
{
	want->walk->waiting--;
	walk_step(want->walk);
}

void fetch_walk_missed(struct want *want, const struct err *err)
{
	want->walk->waiting--;
	if (!want->walk->failed && err->kind == ERR_NOTFOUND)
		want->walk->lacked = want->digest;
	if (disk_space_is_lacking(err))
		walk_refuse(want->walk, err);
	else
		walk_fail(want->walk, err);
	walk_step(want->walk);
}

/* A new want of this image, or NULL when it was met before as what it is now, or is refused. */
static struct want *walk_meet(struct walk *w, const struct descriptor *d, bool manifest)
{
	struct table *seen = manifest ? &w->seen_manifests : &w->seen_blobs;
	struct fetch_tally *tally = &w->tally;
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
	if (f->refuses && f->refuses(f->refuses_arg, &want->digest, &err) < 0) {
		w->is_refused = true;
		walk_refuse(w, &err);
		return NULL;
	}
	if ((manifest ? fetch_tally_manifest(tally, d->size, &err)
		      : fetch_tally_blob(tally, &err)) == 0)
		return want;
	walk_refuse(w, &err);
	return NULL;
}

static void meet_blob(struct walk *w, const struct descriptor *d)
{
	const struct fetch_store *s = &w->fetch->store;
	struct want *want = walk_meet(w, d, false);

	if (!want || fetch_store_has_blob(s, &d->digest, d->size) || fetch_store_put_embedded(s, d))
		return;
	if (media_type_is_foreign(d->media_type)) /* `urls` of others lead nowhere */
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

/* The store lacks the manifest: it is asked for when its turn comes. */
static void walk_queue(struct walk *w, struct want *want)
{
	w->missing = xgrow(w->missing, w->nmissing, &w->capmissing, sizeof(*w->missing));
	w->missing[w->nmissing++] = want;
	w->fetch->queued += size_of(want);
}

static void meet_manifest(struct walk *w, const struct descriptor *d, int depth, bool tells)
{
	struct want *want = walk_meet(w, d, true);
	const struct fetch_store *s = &w->fetch->store;
	struct err err;

	if (!want)
		return;
	want->lacks = !fetch_store_has_blob(s, &d->digest, d->size);
	if (want->lacks)
		w->needs += (int64_t)size_of(want);
	want->depth = depth;
	want->tells = tells;
	want->promised = media_type_kind(d->media_type);
	if (fetch_check_child(d, depth, &err) < 0)
		walk_refuse(w, &err);
	else if (fetch_store_has(s, &d->digest, d->size))
		walk_stored(want);
	else
		walk_queue(w, want);
}

static void walk_image(struct want *want, const struct manifest *m)
{
	const struct descriptor *config = want->tells ? platforms_config(m) : NULL;
	struct walk *w = want->walk;

	if (config)
		meet_config(w, config);
	for (size_t i = 0; i < m->n && !w->only_judge && !w->failed; i++)
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
			if (!w->no_external || !media_type_is_foreign(m->below[i].media_type))
				meet_blob(w, &m->below[i]);
		}
	}
}

/* The size of the root is known when it is read. */
static int size_root(struct want *root, size_t size, struct err *err)
{
	struct walk *w = root->walk;

	root->size = w->size = (int64_t)size;
	if (root->lacks)
		w->needs += w->size;
	return fetch_tally_size(&w->tally, w->size, err);
}

static void walk_manifest(struct want *want, struct span bytes)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	const struct fetch_promise promise = { &want->digest, want->size, want->promised };
	struct walk *w = want->walk;
	struct err err;

	if (manifest_parse(&m, bytes, NULL, &err) < 0 ||
	    fetch_check_promise(&promise, &m, bytes.n, &err) < 0 ||
	    (want->depth == 0 && size_root(want, bytes.n, &err) < 0)) {
		if (want->depth)
			fetch_check_name(&err, "manifest", &want->digest);
		walk_refuse(w, &err);
		return;
	}
	w->manifests = xgrow(w->manifests, w->nmanifests, &w->capmanifests, sizeof(*w->manifests));
	w->manifests[w->nmanifests++] = want->digest;
	if (want->depth == 0)
		w->media_type = xstrdup(m.media_type);
	if (m.kind == MEDIA_INDEX)
		walk_index(want, &m);
	else
		walk_image(want, &m);
}

/* Whether all that the image is known to need may be fetched; else it fails. */
static bool has_admitted(struct walk *w)
{
	struct err err;

	if (w->admit && w->needs > w->admitted && w->admit(w->arg, w->needs, &err) < 0)
		walk_refuse(w, &err);
	else
		w->admitted = w->needs;
	return !w->failed;
}

/* Asks for the missing manifests in the order in which they were met, only some at a time: of an
 * image that turns out to be too large, the others are not asked for. */
static void ask_for_manifests(struct walk *w)
{
	struct fetch *f = w->fetch;

	while (!w->failed && w->next_missing < w->nmissing && w->waiting < MANIFESTS_AT_ONCE &&
	       has_admitted(w)) {
		struct want *want = w->missing[w->next_missing++];

		f->queued -= size_of(want);
		/* another image may have brought it since this walk met it */
		if (fetch_store_has(&f->store, &want->digest, want->size))
			walk_stored(want);
		else
			fetch_object_ask(want);
	}
}

/* Adds bytes of a blob to those that the image needs, once. */
static void need_blob(struct want *blob, int64_t bytes)
{
	if (!blob->needed)
		blob->walk->needs += bytes;
	blob->needed = true;
}

static void ask_for_configs(struct walk *w)
{
	struct fetch *f = w->fetch;

	for (size_t i = 0; i < w->nconfigs; i++) {
		struct want *c = w->configs[i];

		if (!fetch_store_has(&f->store, &c->digest, c->size))
			need_blob(c, c->size - layout_begun(f->store.layout, &c->digest, c->size));
	}
	if (!has_admitted(w))
		return;
	for (size_t i = 0; i < w->nconfigs; i++)
		if (!fetch_store_has(&f->store, &w->configs[i]->digest, w->configs[i]->size))
			fetch_object_ask(w->configs[i]);
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
		walk_refuse(w, &err);
	return !w->failed;
}

/* Bytes of a blob that are not under way (or, when measuring, not counted) yet, without the part
 * that an earlier run left. */
static int64_t missing_bytes(const struct walk *w, const struct want *b)
{
	struct fetch *f = w->fetch;

	if (f->store.measuring)
		return fetch_store_count(&f->store, &b->digest) ? b->size : 0;
	if (b->arrived || table_get(&f->objects, b->digest.str))
		return 0;
	return b->size - layout_begun(f->store.layout, &b->digest, b->size);
}

/* When measuring: all that a sync would fetch. */
static void measure_manifests(struct walk *w)
{
	struct want *want;

	for (size_t at = 0; (want = table_next(&w->seen_manifests, &at));)
		if (want->lacks && fetch_store_count(&w->fetch->store, &want->digest))
			w->measured += (int64_t)size_of(want);
}

static void ask_for_blobs(struct walk *w)
{
	bool measuring = w->fetch->store.measuring;

	if (measuring)
		measure_manifests(w);
	for (size_t i = 0; i < w->nblobs; i++) {
		int64_t bytes = missing_bytes(w, w->blobs[i]);

		w->measured += measuring ? bytes : 0;
		need_blob(w->blobs[i], bytes);
	}
	if (!has_admitted(w) || measuring)
		return;
	for (size_t i = 0; i < w->nblobs; i++) {
		/* another image may have brought it since this walk met it */
		if (!layout_has(w->fetch->store.layout, &w->blobs[i]->digest, w->blobs[i]->size))
			fetch_object_ask(w->blobs[i]);
	}
}

void fetch_walk_begin(struct fetch *f, const struct ref *from, const struct digest *root,
		      const struct fetch_how *how, fetch_done *done, void *arg)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	struct descriptor d = { .media_type = "", .digest = *root, .size = -1 };

	w->fetch = f;
	ref_copy(&w->from, from);
	w->platforms = how->platforms ? xstrdup(how->platforms) : NULL;
	w->repository = ref_repository(from);
	w->only_judge = how->only_judge;
	w->no_external = how->no_external;
	w->is_private = how->is_private;
	time_budget_init(&w->own, "the image", LIMIT_IMAGE_SECONDS, LIMIT_PACE_RATE);
	w->budget = how->budget ? how->budget : &w->own;
	w->admit = how->admit;
	w->judge = how->judge;
	w->done = done;
	w->arg = arg;
	walk_enter(w);
	w->in_walk = true;
	meet_manifest(w, &d, 0, w->judge != NULL);
	w->in_walk = false;
	walk_step(w);
}
