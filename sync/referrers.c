#include "sync/referrers.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/table.h"
#include "oci/registry/registry.h"
#include "sync/fetch.h"
#include "sync/run.h"

/* A signature of an SBOM of an image is the deepest that tools make. */
#define DEPTH_MAX 3

/* All queries for one target. It ends when none is pending. */
struct referrer_walk {
	struct run *run;
	struct target *target;
	struct table seen; /* owned texts: the digests and tags that were met */
	size_t pending;    /* queries, and one while the first of them are made */
	void (*done)(void *arg);
	void *arg;
};

/* One request to upstream: the referrers of `subject`, or one of its cosign tags; then the fetch of
 * one referrer that it found. */
struct referrer_query {
	struct referrer_walk *walk;
	struct digest subject, digest;
	char *tag; /* cosign's, or NULL */
	int depth; /* 1: refers to the image itself */
};

void referrers_release(struct referrers *rs)
{
	for (size_t i = 0; i < rs->n; i++) {
		free(rs->v[i].tag);
		free(rs->v[i].media_type);
	}
	free(rs->v);
	*rs = (struct referrers){ .v = NULL };
}

static void query_free(struct referrer_query *q)
{
	free(q->tag);
	free(q);
}

static struct referrer_query *query_new(struct referrer_walk *w, const struct digest *subject,
					int depth)
{
	struct referrer_query *q = xcalloc(1, sizeof(*q));

	q->walk = w;
	q->subject = *subject;
	q->depth = depth;
	w->pending++;
	return q;
}

static void walk_step(struct referrer_walk *w)
{
	if (--w->pending)
		return;
	table_clear(&w->seen, free);
	w->done(w->arg);
	free(w);
}

static void query_end(struct referrer_query *q)
{
	struct referrer_walk *w = q->walk;

	query_free(q);
	// NOLINTNEXTLINE(clang-analyzer-unix.Malloc): w is not freed before its last query ends
	walk_step(w);
}

static void query_fail(struct referrer_query *q, const struct err *why)
{
	struct target *target = q->walk->target;
	struct err err = *why;

	if (!target->incomplete) {
		err_wrap(&err, "what refers to %s", q->subject.str);
		target_set_error(target, err.msg);
	}
	target->incomplete = true;
	query_end(q);
}

static void query_subject(struct referrer_walk *w, const struct digest *subject, int depth);

static void got_referrer(void *arg, const struct fetch_result *result)
{
	struct referrer_query *q = arg;
	struct target *target = q->walk->target;
	struct referrers *rs = &target->referrers;
	struct fetched_referrer *found;

	target->bytes += result->bytes;
	target->requests += result->requests;
	if (result->err) {
		query_fail(q, result->err);
		return;
	}
	rs->v = xgrow(rs->v, rs->n, &rs->cap, sizeof(*rs->v));
	found = &rs->v[rs->n++];
	*found = (struct fetched_referrer){ .digest = q->digest,
					    .subject = q->subject,
					    .size = result->size };
	found->tag = take(q->tag);
	found->media_type = xstrdup(result->media_type);
	if (q->depth < DEPTH_MAX)
		for (size_t i = 0; i < result->nmanifests; i++)
			query_subject(q->walk, &result->manifests[i], q->depth + 1);
	query_end(q);
}

static int admit_referrer(void *arg, int64_t bytes, struct err *err)
{
	const struct referrer_query *q = arg;

	return disk_space_check(&q->walk->run->space, bytes, NULL, err);
}

/* Fetches one referrer, unless it was met before. Takes q. */
static void fetch_referrer(struct referrer_query *q, const struct digest *d)
{
	struct referrer_walk *w = q->walk;
	cleanup_free char *key = xasprintf("%s %s", d->str, q->tag ? q->tag : "");
	cleanup_by(ref_release) struct ref from = REF_INIT;

	if (table_get(&w->seen, key) || w->target->referrers.n >= LIMIT_DESCRIPTORS) {
		query_end(q);
		return;
	}
	q->digest = *d;
	table_put(&w->seen, key, key);
	(void)take(key);
	ref_copy(&from, &w->target->source);
	/* no platform filter: the line's is for the image itself */
	fetch_image(w->run->fetch, &from, d, NULL, admit_referrer, got_referrer, q);
}

static void got_referrer_list(void *arg, const struct registry_referrers *found)
{
	struct referrer_query *q = arg;

	q->walk->target->requests += found->requests;
	if (found->err) {
		query_fail(q, found->err);
		return;
	}
	for (size_t i = 0; i < found->n; i++)
		// NOLINTNEXTLINE(clang-analyzer-unix.Malloc): q is open, so its walk is
		fetch_referrer(query_new(q->walk, &q->subject, q->depth), &found->digests[i]);
	query_end(q);
}

static void got_cosign_tag(void *arg, const struct registry_manifest *m)
{
	struct referrer_query *q = arg;

	q->walk->target->requests += m->requests;
	if (!m->err)
		fetch_referrer(q, &m->digest);
	else if (m->err->kind == ERR_NOTFOUND)
		query_end(q);
	else
		query_fail(q, m->err);
}

static void query_cosign_tag(struct referrer_walk *w, const struct digest *subject, int depth,
			     const char *suffix)
{
	struct referrer_query *q = query_new(w, subject, depth);
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	char name[DIGEST_MAX + 1];

	digest_name(subject, name);
	q->tag = xasprintf("%s%s", name, suffix);
	ref_copy(&ref, &w->target->source);
	free(ref.tag);
	ref.tag = xstrdup(q->tag);
	ref.digest.str[0] = '\0';
	registry_head(w->run->registry, &ref, got_cosign_tag, q);
}

static void query_subject(struct referrer_walk *w, const struct digest *subject, int depth)
{
	static const char *const suffixes[] = { ".sig", ".att", ".sbom" };

	registry_referrers(w->run->registry, &w->target->source, subject, got_referrer_list,
			   query_new(w, subject, depth));
	/* cosign makes such tags of sha256 digests only; a sha512 one is too long for a tag */
	for (size_t i = 0; i < 3 && strncmp(subject->str, "sha256:", 7) == 0; i++)
		query_cosign_tag(w, subject, depth, suffixes[i]);
}

void referrers_fetch(struct run *r, struct target *t, const struct digest *manifests, size_t n,
		     void (*done)(void *arg), void *arg)
{
	struct referrer_walk *w = xcalloc(1, sizeof(*w));

	*w = (struct referrer_walk){
		.run = r, .target = t, .pending = 1, .done = done, .arg = arg
	};
	for (size_t i = 0; i < n; i++)
		query_subject(w, &manifests[i], 1);
	walk_step(w);
}
