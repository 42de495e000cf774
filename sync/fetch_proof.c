#include "sync/fetch_proof.h"

#include "oci/registry/registry.h"
#include "oci/store/private_blobs.h"
#include "sync/fetch_check.h"
#include "sync/fetch_walk.h"

/* The walk's repository has it. */
static void remember(const struct want *want)
{
	const struct walk *w = want->walk;
	struct private_blobs *p = w->fetch->private_blobs;

	if (w->is_private)
		private_blobs_add(p, &want->digest, w->repository);
	else
		private_blobs_publish(p, &want->digest);
}

static void end_proof(struct want *want, const struct err *why, unsigned requests)
{
	struct err err;

	want->walk->requests += requests;
	if (!why) {
		remember(want);
		fetch_walk_proven(want);
		return;
	}
	err = *why;
	/* as for a blob that is missing: whether the mirror has it is nobody's business */
	if (!want->manifest || err.kind == ERR_NOTFOUND)
		fetch_check_name(&err, want->manifest ? "manifest" : "blob", &want->digest);
	fetch_walk_missed(want, &err);
}

static void got_manifest_proof(void *arg, const struct registry_manifest *m)
{
	end_proof(arg, m->err, m->requests);
}

static void got_blob_proof(void *arg, const struct registry_blob *b)
{
	end_proof(arg, b->err, b->requests);
}

static void ask_for_proof(struct want *want)
{
	struct walk *w = want->walk;
	struct ref ref = w->from;

	w->waiting++;
	registry_charge(w->fetch->registry, w->budget);
	if (want->manifest) {
		ref.digest = want->digest;
		registry_head(w->fetch->registry, &ref, got_manifest_proof, want);
	} else {
		registry_has_blob(w->fetch->registry, &w->from, &want->digest, want->size,
				  got_blob_proof, want);
	}
}

static bool are_proven(struct walk *w, const struct table *seen)
{
	const struct private_blobs *p = w->fetch->private_blobs;
	bool proven = true;
	struct want *want;

	for (size_t at = 0; (want = table_next(seen, &at));) {
		if (private_blobs_is_foreign(p, &want->digest, w->repository)) {
			proven = false;
			ask_for_proof(want);
		} else if (!w->is_private) {
			remember(want);
		}
	}
	return proven;
}

bool fetch_proof_is_whole(struct walk *w)
{
	struct private_blobs *p = w->fetch->private_blobs;
	bool proven;

	if (!p || p->rows.n == 0)
		return true;
	proven = are_proven(w, &w->seen_manifests);
	return are_proven(w, &w->seen_blobs) && proven;
}

void fetch_proof_record(const struct want *want)
{
	const struct walk *w = want->walk;

	if (w->fetch->private_blobs && w->is_private)
		private_blobs_add(w->fetch->private_blobs, &want->digest, w->repository);
}

int fetch_proof_flush(const struct walk *w, struct err *err)
{
	struct fetch *f = w->fetch;

	return f->private_blobs ? private_blobs_flush(f->private_blobs, f->store.layout, err) : 0;
}
