#include "sync/fetch_object.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/registry/registry.h"
#include "oci/store/layout.h"
#include "sync/fetch_check.h"
#include "sync/fetch_proof.h"
#include "sync/fetch_walk.h"

/* A digest that is being fetched, and the wants that wait for it. */
struct object {
	struct digest digest;
	struct fetch *fetch;
	struct want *wants; /* the first one's repository is being asked */
};

static void object_ask(struct object *o);

/* The digest is in the store: all walks that wait for it go on. */
static void object_arrived(struct object *o)
{
	struct want *next;

	table_remove(&o->fetch->objects, o->digest.str);
	for (struct want *w = o->wants; w; w = next) {
		next = w->next_of_object;
		fetch_walk_came(w);
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
		fetch_walk_missed(w, err);
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

	fetch_proof_record(w);
	registry_charge(o->fetch->registry, w->walk->budget);
	if (w->manifest)
		registry_manifest(o->fetch->registry, &w->walk->from, &o->digest, got_manifest, o);
	else
		registry_blob(o->fetch->registry, &w->walk->from,
			      &(struct registry_wanted){ &o->digest, w->size, w->urls },
			      o->fetch->store.layout, got_blob, o);
}

void fetch_object_ask(struct want *want)
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

uint64_t fetch_object_awaited(const struct fetch *f)
{
	const struct object *o;
	uint64_t bytes = f->queued;

	for (size_t at = 0; (o = table_next(&f->objects, &at));) {
		const struct want *w = o->wants;

		if (w->manifest)
			bytes += w->size > 0 ? (uint64_t)w->size : 0;
		else
			bytes += (uint64_t)(w->size -
					    layout_begun(f->store.layout, &o->digest, w->size));
	}
	return bytes;
}
