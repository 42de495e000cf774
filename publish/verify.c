#include "publish/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/cli/progress.h"
#include "oci/store/generation.h"
#include "publish/blob_walk.h"
#include "publish/diff_ids.h"
#include "publish/layer_check.h"
#include "publish/work.h"

/* Publishers may come in between; then what was found is looked at again, so often at most. */
#define TRIES 3

/* One look at everything. */
struct pass {
	struct verify *v;
	const struct layout *layout;
	struct blob_graph *g;
	const struct blob_graph *before; /* of the pass before, or NULL */
	struct blob_walk_progress walked;
	uint32_t *todo; /* numbers of blobs that are to be rehashed */
	size_t ntodo;
	size_t done; /* of them; written by threads */
	uint64_t bytes, all_bytes;
	time_t began;
	int64_t started;
};

void verify_init(struct verify *v)
{
	*v = (struct verify){
		.mirror = MIRROR_INIT,
		.graph = BLOB_GRAPH_INIT,
		.verified = VERIFIED_INIT,
		.findings = FINDINGS_INIT,
	};
}

void verify_release(struct verify *v)
{
	blob_graph_release(&v->graph);
	verified_release(&v->verified);
	findings_release(&v->findings);
	mirror_release(&v->mirror);
}

/* ---- findings ---- */

struct reference_list {
	const struct index *index;
	struct strvec *out;
};

static void add_reference(size_t entry, void *arg)
{
	const struct reference_list *r = arg;
	const struct entry *e = r->index->v[entry];

	if (e->ref[0])
		strvec_add(r->out, e->ref);
	else
		strvec_addf(r->out, "@%s", e->digest.str);
}

static void add_finding(struct pass *p, enum damage damage, uint32_t blob, uint32_t document,
			const char *text)
{
	struct verify *v = p->v;
	struct finding *f = findings_add(&v->findings, damage, p->g->blobs[blob]->digest, text);
	struct reference_list r = { .index = &v->mirror.index, .out = &f->references };

	blob_graph_references(p->g, blob, document, add_reference, &r);
}

static void on_bad_record(enum damage damage, const char *name, const char *text, void *arg)
{
	struct verify *v = arg;

	findings_add(&v->findings, damage, name, text);
}

/* ---- progress ---- */

static void show_walk(void *arg)
{
	const struct pass *p = arg;

	progress_show(&(struct progress){
		.unit = "manifests",
		.done = __atomic_load_n(&p->walked.done, __ATOMIC_RELAXED),
		.all = p->walked.all,
		.started = p->started,
	});
}

static void show_rehash(void *arg)
{
	const struct pass *p = arg;
	uint64_t bytes = __atomic_load_n(&p->bytes, __ATOMIC_RELAXED);

	progress_show(&(struct progress){
		.unit = "blobs",
		.bytes = bytes,
		.bytes_left = bytes < p->all_bytes ? p->all_bytes - bytes : 0,
		.done = __atomic_load_n(&p->done, __ATOMIC_RELAXED),
		.all = p->ntodo,
		.started = p->started,
	});
}

/* ---- which blobs ---- */

struct directory {
	struct pass *pass;
	const char *algorithm;
};

static int add_file(const char *name, void *arg)
{
	const struct directory *d = arg;
	cleanup_free char *text = xasprintf("%s:%s", d->algorithm, name);
	struct digest digest;
	struct err ignored;

	if (digest_parse(&digest, span_str(text), &ignored) < 0)
		d->pass->v->facts.strangers++;
	else
		(void)blob_graph_blob(d->pass->g, digest.str);
	return 0;
}

/* Every file under blobs/ that nothing refers to. */
static int add_files(struct pass *p, struct err *err)
{
	static const char *const algorithms[] = { "sha256", "sha512" };

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		struct directory d = { .pass = p, .algorithm = algorithms[i] };
		cleanup_free char *path = xasprintf("blobs/%s", algorithms[i]);
		struct err why = ERR_INIT;

		if (file_walk(p->layout->root, path, add_file, &d, &why) < 0 &&
		    why.kind != ERR_NOTFOUND) {
			*err = why;
			return err_wrap(err, "%s", p->layout->path);
		}
	}
	return 0;
}

/* ---- looking ---- */

/* What the pass before found right stays so, with what it found in a layer: the files of blobs do
 * not change. */
static bool was_right(const struct pass *p, struct graph_blob *b)
{
	struct graph_blob *old = p->before ? blob_graph_find(p->before, b->digest) : NULL;

	if (!old || !old->is_rehashed || old->check.damage != DAMAGE_NONE ||
	    old->check.inode != b->check.inode)
		return false;
	if (p->v->deep && b->is_tar && !old->layer)
		return false;
	b->layer = take(old->layer);
	return true;
}

static void look_at(size_t i, void *arg)
{
	const struct pass *p = arg;
	struct graph_blob *b = p->g->blobs[i];

	if (b->is_checked)
		return;
	blob_check_look(&b->check, p->layout, b->digest);
	if (b->check.damage != DAMAGE_NONE) {
		b->is_checked = true;
	} else if (was_right(p, b)) {
		b->is_checked = b->is_rehashed = true;
	} else if (p->v->since && verified_since(&p->v->verified, b->digest, b->check.changed,
						 p->v->since, p->v->deep && b->is_tar)) {
		b->is_checked = true;
	}
}

static void rehash(size_t i, void *arg)
{
	struct pass *p = arg;
	struct graph_blob *b = p->g->blobs[p->todo[i]];

	if (p->v->deep && b->is_tar) {
		b->layer = xcalloc(1, sizeof(*b->layer));
		layer_check(&b->check, b->layer, p->layout, b->digest, &p->bytes);
	} else {
		blob_check_rehash(&b->check, p->layout, b->digest, &p->bytes);
	}
	b->is_checked = b->is_rehashed = true;
	__atomic_fetch_add(&p->done, 1, __ATOMIC_RELAXED);
}

static int compare_sizes(const void *pa, const void *pb, void *graph)
{
	const struct blob_graph *g = graph;
	int64_t a = g->blobs[*(const uint32_t *)pa]->check.size,
		b = g->blobs[*(const uint32_t *)pb]->check.size;

	return (a < b) - (a > b);
}

static void choose_todo(struct pass *p)
{
	p->todo = xcalloc(p->g->nblobs + 1, sizeof(*p->todo));
	for (uint32_t i = 0; i < p->g->nblobs; i++) {
		if (p->g->blobs[i]->is_checked)
			continue;
		p->todo[p->ntodo++] = i;
		p->all_bytes += (uint64_t)p->g->blobs[i]->check.size;
	}
	qsort_r(p->todo, p->ntodo, sizeof(*p->todo), compare_sizes, p->g);
}

static int look_at_all(struct pass *p, struct err *err)
{
	blob_walk(p->g, p->layout, &p->v->mirror.index, &p->walked, show_walk, p);
	if (add_files(p, err) < 0)
		return -1;
	blob_graph_turn(p->g);
	work_run(p->g->nblobs, look_at, NULL, p);
	choose_todo(p);
	work_run(p->ntodo, rehash, show_rehash, p);
	return 0;
}

/* ---- judging ---- */

/* A size that differs is the blob's fault when its content is wrong, and else the descriptor's. */
static bool is_other_size(struct pass *p, const struct graph_link *l)
{
	struct graph_blob *b = p->g->blobs[l->blob];

	if (b->check.size < 0 || b->check.size == l->size)
		return false;
	if (!b->is_rehashed) { /* --since passed over it: whose fault it is, its content says */
		blob_check_rehash(&b->check, p->layout, b->digest, NULL);
		b->is_rehashed = true;
	}
	if (b->check.damage == DAMAGE_CONTENT)
		blob_check_fail(&b->check, DAMAGE_SIZE, "has %lld bytes, not %lld",
				(long long)b->check.size, (long long)l->size);
	return b->check.damage == DAMAGE_NONE;
}

static void judge_documents(struct pass *p)
{
	for (uint32_t i = 0; i < p->g->ndocuments; i++) {
		const struct graph_document *d = p->g->documents[i];

		for (size_t k = d->links; k < d->links + d->nlinks; k++) {
			const struct graph_link *l = &p->g->links[k];
			const struct graph_blob *b = p->g->blobs[l->blob];
			cleanup_free char *text = NULL;

			if (!is_other_size(p, l))
				continue;
			text = xasprintf("says that %s has %lld bytes; it has %lld", b->digest,
					 (long long)l->size, (long long)b->check.size);
			add_finding(p, DAMAGE_SIZE, d->blob, i, text);
		}
	}
}

static void judge_root(struct pass *p, size_t i)
{
	const struct entry *e = p->v->mirror.index.v[i];
	const struct graph_link *l = &p->g->roots[i];
	const struct graph_blob *b = p->g->blobs[l->blob];
	const char *known = media_type_known(e->media_type), *says = NULL;
	cleanup_free char *text = NULL;

	if (l->document != BLOB_GRAPH_NONE)
		says = p->g->documents[l->document]->says;
	if (is_other_size(p, l))
		text = xasprintf("the entry %s says that %s has %lld bytes; it has %lld", e->ref,
				 b->digest, (long long)l->size, (long long)b->check.size);
	else if (known && says && strcmp(known, says) != 0)
		text = xasprintf("the entry %s says that %s is %s; the manifest says %s", e->ref,
				 b->digest, known, says);
	if (text)
		findings_add(&p->v->findings, DAMAGE_INDEX, "index.json", text);
}

/* A file that nothing refers to may go at any time. */
static void judge_blobs(struct pass *p)
{
	for (uint32_t i = 0; i < p->g->nblobs; i++) {
		const struct graph_blob *b = p->g->blobs[i];

		if (b->check.damage != DAMAGE_NONE &&
		    (b->is_needed || b->check.damage != DAMAGE_MISSING))
			add_finding(p, b->check.damage, i, BLOB_GRAPH_NONE, b->check.text);
	}
}

static void on_wrong_diff_id(const struct diff_ids_wrong *w, void *arg)
{
	struct pass *p = arg;
	const char *digest = p->g->blobs[w->blob]->digest;
	struct finding *f = findings_add(&p->v->findings, DAMAGE_DIFF_ID, digest, w->text);
	struct reference_list r = { .index = &p->v->mirror.index, .out = &f->references };

	blob_graph_references(p->g, w->manifest, BLOB_GRAPH_NONE, add_reference, &r);
	verified_forget(&p->v->verified, digest);
}

static void count_layer(struct verify_facts *f, const struct graph_blob *b)
{
	f->layers++;
	if (b->layer->devices && !f->device_layers++)
		snprintf(f->device, sizeof(f->device), "%s (%.50s)", b->digest,
			 b->layer->first_device);
}

static void judge_layers(struct pass *p)
{
	for (uint32_t i = 0; i < p->g->nblobs; i++) {
		const struct graph_blob *b = p->g->blobs[i];

		if (!b->layer || b->check.damage != DAMAGE_NONE)
			continue;
		count_layer(&p->v->facts, b);
		if (b->layer->damage != DAMAGE_NONE)
			add_finding(p, b->layer->damage, i, BLOB_GRAPH_NONE, b->layer->text);
	}
	diff_ids_check(p->g, p->layout, on_wrong_diff_id, p);
}

/* For --since. */
static void note_verified(struct pass *p)
{
	struct verify *v = p->v;

	for (size_t i = 0; i < p->g->nblobs; i++) {
		const struct graph_blob *b = p->g->blobs[i];

		v->findings.is_partial |=
			b->check.damage != DAMAGE_NONE && b->document != BLOB_GRAPH_NONE;
		if (b->check.damage != DAMAGE_NONE)
			verified_forget(&v->verified, b->digest);
		else if (b->is_rehashed)
			verified_note(&v->verified, b->digest, p->began,
				      b->layer && b->layer->damage == DAMAGE_NONE);
	}
}

static void count_blobs(struct pass *p)
{
	struct verify_facts *f = &p->v->facts;

	for (size_t i = 0; i < p->g->nblobs; i++) {
		const struct graph_blob *b = p->g->blobs[i];
		uint64_t size = b->check.size < 0 ? 0 : (uint64_t)b->check.size;

		if (b->check.size < 0)
			continue;
		f->blobs++;
		f->bytes += size;
		f->rehashed += b->is_rehashed;
		f->rehashed_bytes += b->is_rehashed ? size : 0;
		f->unreferenced += !b->is_needed;
		f->unreferenced_bytes += b->is_needed ? 0 : size;
	}
}

static int judge_records(struct pass *p, struct err *err)
{
	struct verify *v = p->v;
	struct record_check c = { .bad = on_bad_record, .arg = v };

	if (v->mirror.doubt.kind != ERR_NONE)
		findings_add(&v->findings, DAMAGE_INDEX, "index.json", v->mirror.doubt.msg);
	if (record_check(&c, p->layout, &v->mirror.index, err) < 0)
		return -1;
	v->facts.generations = c.generations;
	v->facts.journal_lines = c.journal_lines;
	v->facts.partials = c.partials;
	v->facts.partial_bytes = c.partial_bytes;
	v->facts.has_no_table = c.has_no_table;
	return 0;
}

/* ---- one pass, and another ---- */

static int one_pass(struct verify *v, const struct blob_graph *before, struct err *err)
{
	struct pass p = {
		.v = v,
		.layout = &v->mirror.layout,
		.g = &v->graph,
		.before = before,
		.began = clock_wall(),
		.started = clock_now(),
	};
	int r;

	v->facts = (struct verify_facts){
		.generation = generation_number(&v->mirror.index),
		.entries = v->mirror.index.n,
	};
	r = look_at_all(&p, err);
	free(p.todo);
	if (r < 0)
		return -1;
	judge_documents(&p);
	for (size_t i = 0; i < p.g->nroots; i++)
		judge_root(&p, i);
	judge_blobs(&p);
	count_blobs(&p);
	note_verified(&p);
	if (v->deep)
		judge_layers(&p);
	return judge_records(&p, err);
}

/* Whether what was found wrong may be right by now. */
static bool has_moved_on(struct verify *v)
{
	struct err ignored;

	if (!v->findings.n)
		return false;
	if (generation_is_current(&v->mirror.layout, &v->mirror.index, &ignored) == 0)
		return true;
	for (size_t i = 0; i < v->graph.nblobs; i++) {
		const struct graph_blob *b = v->graph.blobs[i];

		if (b->is_needed && b->check.damage != DAMAGE_NONE &&
		    blob_check_is_old(&b->check, &v->mirror.layout, b->digest))
			return true;
	}
	return false;
}

static int run_passes(struct verify *v, const char *path, struct err *err)
{
	cleanup_by(blob_graph_release) struct blob_graph before = BLOB_GRAPH_INIT;

	for (int tries = 1;; tries++) {
		mirror_release(&v->mirror);
		if (mirror_read(&v->mirror, path, err) < 0 ||
		    one_pass(v, tries > 1 ? &before : NULL, err) < 0)
			return -1;
		if (tries == TRIES || !has_moved_on(v))
			return 0;
		findings_release(&v->findings);
		blob_graph_release(&before);
		before = v->graph;
		v->graph = (struct blob_graph)BLOB_GRAPH_INIT;
	}
}

int verify_run(struct verify *v, const char *path, struct err *err)
{
	int r;

	if (mirror_read(&v->mirror, path, err) < 0)
		return -1;
	verified_load(&v->verified, &v->mirror.layout);
	r = run_passes(v, path, err);
	progress_end();
	findings_sort(&v->findings);
	return r;
}

static bool is_there(const char *digest, void *arg)
{
	const struct verify *v = arg;
	const struct graph_blob *b = blob_graph_find(&v->graph, digest);

	return b && b->check.size >= 0;
}

int verify_remember(struct verify *v, struct err *err)
{
	verified_keep(&v->verified, is_there, v);
	return verified_save(&v->verified, &v->mirror.layout, err);
}
