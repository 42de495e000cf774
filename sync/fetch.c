/*
 * The life of an image's fetch (struct walk, sync/fetch_walk.c). Each digest that the walk meets
 * becomes a want.
 *
 *	fetch_image			meets the root
 *	  |
 *	  v
 *	manifests		walk_stored for one that the store has, else fetch_object_ask;
 *	  |  each that comes		walk_manifest reads it and meets what is below: manifests
 *	  |				at once, blobs into walk->blobs
 *	  |  no want under way: walk_step
 *	  v
 *	configs			ask_for_configs: those that tell a platform; then walk_step
 *	  v
 *	proofs			has_judged asks judge; with only_judge it ends here
 *	  |			fetch_proof_is_whole asks for what only private images brought,
 *	  |				until nothing is left; then walk_step
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
 * The life of a digest under way (struct object, sync/fetch_object.c), which several walks may
 * want:
 *
 *	fetch_object_ask	asks the repository of the first want; later wants join the list
 *	  |-- it came: object_arrived	stored; all wants go on
 *	  '-- it failed: object_failed	the wants of that repository (and size) fail with it; if
 *					others are left, the first of these has its repository asked
 *
 * A walk whose in_walk is set is being worked on further up the stack: walk_step() leaves it alone.
 */
#include "sync/fetch.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "sync/fetch_object.h"
#include "sync/fetch_walk.h"

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

void fetch_prove(struct fetch *f, struct private_blobs *p)
{
	f->private_blobs = p;
}

void fetch_image_as(struct fetch *f, const struct ref *from, const struct digest *root,
		    const struct fetch_how *how, fetch_done *done, void *arg)
{
	fetch_walk_begin(f, from, root, how, done, arg);
}

bool fetch_has(const struct fetch *f, const struct digest *d)
{
	return fetch_store_has(&f->store, d, -1);
}

uint64_t fetch_awaited(const struct fetch *f)
{
	return fetch_object_awaited(f);
}
