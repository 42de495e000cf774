#include "publish/blob_walk.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/manifest.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "publish/blob_graph.h"
#include "publish/layer_type.h"
#include "publish/work.h"

struct walk {
	struct blob_graph *g;
	const struct layout *layout;
	struct blob_walk_progress *progress;
	void (*tick)(void *arg);
	void *arg;
	size_t first;         /* the document that work number 0 is about */
	pthread_mutex_t lock; /* of the graph; documents and blobs stay where they are */
};

/* A descriptor in an index may be a document; one in an image manifest is a blob, whatever its
 * media type says. */
static bool names_document(const char *media_type)
{
	enum media_type_kind kind = media_type_kind(media_type);

	return kind == MEDIA_INDEX || kind == MEDIA_MANIFEST || !media_type[0];
}

static struct graph_link document_link(struct blob_graph *g, const char *digest, const char *filter,
				       const char *media_type, uint32_t nesting)
{
	bool ignored;
	uint32_t document = blob_graph_document(g, digest, filter, media_type, nesting, &ignored);

	return (struct graph_link){ .blob = g->documents[document]->blob, .document = document };
}

static struct graph_link blob_link(struct blob_graph *g, const char *digest)
{
	return (struct graph_link){ .blob = blob_graph_blob(g, digest),
				    .document = BLOB_GRAPH_NONE };
}

/* ---- one document ---- */

/* Under the lock. */
static struct graph_link child_link(struct walk *w, const struct graph_document *at,
				    const struct manifest *m, size_t i)
{
	const struct descriptor *d = &m->below[i];
	struct graph_link link;

	if (m->kind == MEDIA_INDEX && names_document(d->media_type))
		link = document_link(w->g, d->digest.str, at->filter, d->media_type,
				     at->nesting + 1);
	else
		link = blob_link(w->g, d->digest.str);
	if (m->kind == MEDIA_MANIFEST && i > 0 && layer_type_is_tar(d->media_type))
		w->g->blobs[link.blob]->is_tar = true;
	link.size = d->size;
	return link;
}

static bool is_elsewhere(const struct walk *w, const struct descriptor *d)
{
	return (d->urls || media_type_is_foreign(d->media_type)) &&
	       !layout_has(w->layout, &d->digest, -1);
}

static void add_below(struct walk *w, uint32_t number, struct graph_document *at,
		      const struct manifest *m)
{
	cleanup_free bool *wanted =
		manifest_choose(m, m->kind == MEDIA_INDEX ? at->filter : PLATFORM_ALL);
	cleanup_free bool *away = xcalloc(m->n + 1, sizeof(*away));
	cleanup_free struct graph_link *links = xcalloc(m->n + 1, sizeof(*links));
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		away[i] = wanted[i] && is_elsewhere(w, &m->below[i]);
	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < m->n; i++) {
		if (!wanted[i])
			continue;
		links[n] = child_link(w, at, m, i);
		links[n++].is_away = away[i];
	}
	at->kind = m->kind;
	at->has_image_config = m->kind == MEDIA_MANIFEST && m->n &&
			       layer_type_is_image_config(m->below[0].media_type);
	blob_graph_below(w->g, number, links, n);
	pthread_mutex_unlock(&w->lock);
}

/* Reads what the document is; false when it is none. */
static bool read_document(struct walk *w, const struct graph_document *at, const char *digest,
			  struct blob_check *c, struct manifest *m)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_MANIFEST);
	struct err err = ERR_INIT;

	blob_check_read(c, w->layout, digest, &bytes);
	if (c->damage != DAMAGE_NONE)
		return false;
	if (manifest_parse(m, buf_span(&bytes), at->media_type, &err) < 0)
		blob_check_fail(c, DAMAGE_DOCUMENT, "cannot be read: %s", err.msg);
	else if (at->nesting > LIMIT_NESTING)
		blob_check_fail(c, DAMAGE_DOCUMENT, "is nested more than %d deep", LIMIT_NESTING);
	return c->damage == DAMAGE_NONE;
}

/* Another thread may have looked at the same file for another filter. */
static void keep_check(struct walk *w, struct graph_blob *b, struct blob_check *c)
{
	pthread_mutex_lock(&w->lock);
	if (b->is_checked) {
		blob_check_release(c);
	} else {
		b->check = *c;
		b->is_checked = b->is_rehashed = true;
	}
	pthread_mutex_unlock(&w->lock);
}

static void visit_document(size_t i, void *arg)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct walk *w = arg;
	uint32_t number = (uint32_t)(w->first + i);
	struct blob_check c = { .size = -1 };
	struct graph_document *at;
	struct graph_blob *b;

	pthread_mutex_lock(&w->lock);
	at = w->g->documents[number];
	b = w->g->blobs[at->blob];
	pthread_mutex_unlock(&w->lock);
	if (read_document(w, at, b->digest, &c, &m))
		add_below(w, number, at, &m);
	at->says = media_type_known(json_get_text(m.doc, "mediaType"));
	keep_check(w, b, &c);
	__atomic_fetch_add(&w->progress->done, 1, __ATOMIC_RELAXED);
}

/* ---- all ---- */

static void add_root(struct blob_graph *g, const struct entry *e)
{
	const char *filter = entry_annotation(e, ANNOTATION_PLATFORM);
	struct graph_link link;

	if (names_document(e->media_type))
		link = document_link(g, e->digest.str, filter ? filter : "", e->media_type, 0);
	else
		link = blob_link(g, e->digest.str);
	link.size = e->size;
	blob_graph_root(g, link);
}

static void tick_walk(void *arg)
{
	const struct walk *w = arg;

	w->tick(w->arg);
}

void blob_walk(struct blob_graph *g, const struct layout *l, const struct index *x,
	       struct blob_walk_progress *progress, void (*tick)(void *arg), void *arg)
{
	struct walk w = { .g = g, .layout = l, .progress = progress, .tick = tick, .arg = arg };
	size_t all;

	pthread_mutex_init(&w.lock, NULL);
	for (size_t i = 0; i < x->n; i++)
		add_root(g, x->v[i]);
	/* level by level: what a document adds is visited after all of its level */
	for (; w.first < g->ndocuments; w.first = all) {
		all = progress->all = g->ndocuments;
		work_run(all - w.first, visit_document, tick_walk, &w);
	}
	pthread_mutex_destroy(&w.lock);
}
