#include "sync/referrers.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/base/table.h"
#include "oci/http/time_budget.h"
#include "oci/image/media_type.h"
#include "oci/registry/referrer_list.h"
#include "oci/registry/registry.h"
#include "sync/allowance.h"
#include "sync/fetch.h"
#include "sync/referrer_memory.h"
#include "sync/referrer_tally.h"
#include "sync/run.h"

/* A signature of an SBOM of an image is the deepest that tools make. */
#define DEPTH_MAX 3

/* All queries for one target. It ends when none is pending. */
struct referrer_walk {
	struct run *run;
	struct target *target;
	const struct referrer_tags *tags; /* of the source's repository */
	struct digest *manifests;         /* of the image, until the tags are known */
	size_t nmanifests;
	struct table seen; /* owned texts: the digests and tags that were met */
	struct referrer_tally tally;
	struct time_budget budget; /* of all requests for them */
	size_t pending;            /* queries, and one while the first of them are made */
	void (*done)(void *arg);
	void *arg;
};

/* One request to upstream: the referrers of `subject`, its fallback tag, or one of its cosign tags;
 * then the fetch of one referrer that it found. */
struct referrer_query {
	struct referrer_walk *walk;
	struct digest subject, digest;
	char *tag; /* cosign's, or NULL */
	enum referrer_kind kind;
	bool is_last;     /* nothing refers to it */
	int depth;        /* 1: refers to the image itself */
	int64_t admitted; /* bytes, promised on the disk until the fetch ends */
};

void referrers_release(struct referrers *rs)
{
	for (size_t i = 0; i < rs->n; i++) {
		free(rs->v[i].tag);
		free(rs->v[i].media_type);
	}
	free(rs->v);
	free(rs->error);
	strvec_release(&rs->warnings);
	*rs = (struct referrers){ .v = NULL };
}

const struct referrers *referrers_of(const struct target *t)
{
	return t->referrers.same ? &t->referrers.same->referrers : &t->referrers;
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
	free(w->manifests);
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

/* Not all that refers to a subject could be had; the first reason is kept. */
static void walk_fail(struct referrer_walk *w, const struct digest *subject, const struct err *why)
{
	struct referrers *rs = &w->target->referrers;
	struct err err = *why;

	if (!rs->incomplete) {
		err_wrap(&err, "what refers to %s", subject->str);
		rs->error = xstrdup(err.msg);
		rs->why = why->kind;
	}
	rs->incomplete = true;
}

static void query_fail(struct referrer_query *q, const struct err *why)
{
	walk_fail(q->walk, &q->subject, why);
	query_end(q);
}

/* Upstream lists a referrer that it cannot give, or that a mirror cannot keep. */
static void query_warn(struct referrer_query *q, const char *what, const char *why)
{
	strvec_addf(&q->walk->target->referrers.warnings, "%s refers to %s: %s", what,
		    q->subject.str, why);
	query_end(q);
}

static void query_subject(struct referrer_walk *w, const struct digest *subject, int depth);

static void keep_referrer(struct referrer_query *q, const struct fetch_result *result)
{
	struct referrers *rs = &q->walk->target->referrers;

	rs->v = xgrow(rs->v, rs->n, &rs->cap, sizeof(*rs->v));
	rs->v[rs->n] = (struct fetched_referrer){
		.digest = q->digest, .subject = q->subject, .size = result->size, .kind = q->kind
	};
	rs->v[rs->n].tag = take(q->tag);
	rs->v[rs->n++].media_type = xstrdup(result->media_type);
}

static void got_referrer(void *arg, const struct fetch_result *result)
{
	struct referrer_query *q = arg;
	struct target *target = q->walk->target;

	target->bytes += result->bytes;
	target->requests += result->requests;
	disk_space_give_back(&q->walk->run->space, q->admitted);
	if (result->err && result->err->kind == ERR_NOTFOUND) {
		query_warn(q, q->digest.str, "upstream lists it, and does not have all of it");
		return;
	}
	if (result->err) {
		query_fail(q, result->err);
		return;
	}
	keep_referrer(q, result);
	if (q->depth < DEPTH_MAX && !q->is_last)
		for (size_t i = 0; i < result->nmanifests; i++)
			query_subject(q->walk, &result->manifests[i], q->depth + 1);
	query_end(q);
}

/* Counts all that a referrer is known to need so far. */
static int admit_referrer(void *arg, int64_t bytes, struct err *err)
{
	struct referrer_query *q = arg;
	struct referrer_tally *tally = &q->walk->tally;
	const struct run *r = q->walk->run;
	struct disk_space *s = &q->walk->run->space;
	const int64_t more = bytes - q->admitted;

	if (allowance_check_image(r, q->walk->target, tally->bytes + more, err) < 0 ||
	    disk_space_check(s, more, err) < 0 || referrer_tally_bytes(tally, more, err) < 0)
		return -1;
	q->admitted = bytes;
	disk_space_promise(s, more);
	return 0;
}

/* Artifact manifests of a draft of the specification, and other documents that are no manifests. */
static bool is_unknown_type(const char *media_type)
{
	switch (media_type_kind(media_type)) {
	case MEDIA_INDEX:
	case MEDIA_MANIFEST: return false;
	case MEDIA_OTHER:
	case MEDIA_OLD: break;
	}
	return media_type[0] != '\0';
}

/* Counts the manifest of a referrer before it is asked for. `size` is what the list says, -1 when
 * nothing does; a manifest that is larger than LIMIT_MANIFEST does not come. */
static int admit_manifest(struct referrer_query *q, const struct digest *d, int64_t size,
			  struct err *err)
{
	const int64_t most = LIMIT_MANIFEST;

	if (size < 0 || fetch_has(q->walk->run->fetch, d))
		return 0;
	return admit_referrer(q, size < most ? size : most, err);
}

/* Fetches one referrer, unless it was met before. Takes q. */
static void fetch_referrer(struct referrer_query *q, const struct digest *d, int64_t size,
			   const char *media_type)
{
	struct referrer_walk *w = q->walk;
	cleanup_free char *key = xasprintf("%s %s", d->str, q->tag ? q->tag : "");
	cleanup_by(ref_release) struct ref from = REF_INIT;
	struct err err;

	if (table_get(&w->seen, key)) {
		query_end(q);
		return;
	}
	if (referrer_tally_referrer(&w->tally, &err) < 0) {
		query_fail(q, &err);
		return;
	}
	q->digest = *d;
	table_put(&w->seen, key, key);
	(void)take(key);
	if (is_unknown_type(media_type)) {
		cleanup_free char *why =
			xasprintf("a document of type %s cannot be mirrored", media_type);

		query_warn(q, d->str, why);
		return;
	}
	if (admit_manifest(q, d, size, &err) < 0) {
		query_fail(q, &err);
		return;
	}
	ref_copy(&from, w->target->source);
	/* no platform filter: the line's is for the image itself */
	fetch_image_as(w->run->fetch, &from, d,
		       &(struct fetch_how){ .admit = admit_referrer,
					    .budget = &w->budget,
					    .is_private = w->target->o.private_group },
		       got_referrer, q);
}

/* Fetches what an index lists for q's subject, and ends q. */
static void fetch_rows(struct referrer_query *q, const struct referrer_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		// NOLINTNEXTLINE(clang-analyzer-unix.Malloc): q is open, so its walk is
		struct referrer_query *one = query_new(q->walk, &q->subject, q->depth);

		one->kind = referrer_kind_of(rows[i].artifact_type, rows[i].predicate);
		one->is_last = referrer_kind_is_last(rows[i].artifact_type);
		fetch_referrer(one, &rows[i].digest, rows[i].size, rows[i].media_type);
	}
	query_end(q);
}

/* The source's reference with another tag. */
static void set_tag(const struct referrer_walk *w, const char *tag, struct ref *ref)
{
	ref_copy(ref, w->target->source);
	free(ref->tag);
	ref->tag = xstrdup(tag);
	ref->digest.str[0] = '\0';
}

/* A HEAD says that upstream does not have a tag. Takes q. */
static void end_without_tag(struct referrer_query *q, const char *tag)
{
	if (referrer_tags_find(q->walk->tags, tag) == REFERRER_TAG_THERE)
		query_warn(q, tag, "upstream lists this tag, and does not have it");
	else
		query_end(q);
}

/* ---- the index under the fallback tag ---- */

/* For one verb. */
static struct registry *charged_registry(struct referrer_walk *w)
{
	registry_charge(w->run->registry, &w->budget);
	return w->run->registry;
}

static void got_fallback_index(void *arg, const struct registry_manifest *m)
{
	cleanup_by(referrer_list_release) struct referrer_list list = REFERRER_LIST_INIT;
	struct referrer_query *q = arg;
	struct err err;

	q->walk->target->requests += m->requests;
	if (m->err)
		query_fail(q, m->err);
	else if (referrer_list_add(&list, m->bytes, &err) == 0)
		fetch_rows(q, list.v, list.n);
	else if (err.kind == ERR_NOTFOUND)
		query_warn(q, q->digest.str, "under its tag there is no list of referrers");
	else
		query_fail(q, &err);
}

static void got_fallback_tag(void *arg, const struct registry_manifest *m)
{
	struct referrer_query *q = arg;
	char tag[REFERRER_TAG];

	q->walk->target->requests += m->requests;
	if (!m->err) {
		q->digest = m->digest;
		registry_manifest(charged_registry(q->walk), q->walk->target->source, &q->digest,
				  got_fallback_index, q);
		return;
	}
	if (m->err->kind != ERR_NOTFOUND) {
		query_fail(q, m->err);
		return;
	}
	referrer_list_tag(&q->subject, tag);
	end_without_tag(q, tag);
}

/* The registry has no referrers API. HEAD comes first: most subjects have no such tag, and only a
 * GET counts against a quota. */
static void query_fallback(struct referrer_query *q)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	char tag[REFERRER_TAG];

	referrer_list_tag(&q->subject, tag);
	if (referrer_tags_find(q->walk->tags, tag) == REFERRER_TAG_ABSENT) {
		query_end(q);
		return;
	}
	set_tag(q->walk, tag, &ref);
	registry_head(charged_registry(q->walk), &ref, got_fallback_tag, q);
}

static void got_referrer_list(void *arg, const struct registry_referrers *found)
{
	struct referrer_query *q = arg;

	q->walk->target->requests += found->requests;
	if (found->err)
		query_fail(q, found->err);
	else if (found->no_api)
		query_fallback(q);
	else
		fetch_rows(q, found->rows, found->n);
}

/* ---- cosign's tags ---- */

static void got_cosign_tag(void *arg, const struct registry_manifest *m)
{
	struct referrer_query *q = arg;

	q->walk->target->requests += m->requests;
	if (!m->err)
		fetch_referrer(q, &m->digest, -1, m->media_type);
	else if (m->err->kind == ERR_NOTFOUND)
		end_without_tag(q, q->tag);
	else
		query_fail(q, m->err);
}

static void query_cosign_tag(struct referrer_walk *w, const struct digest *subject, int depth,
			     const struct referrer_suffix *suffix)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	char name[DIGEST_MAX + 1];
	struct referrer_query *q;
	cleanup_free char *tag = NULL;

	digest_name(subject, name);
	tag = xasprintf("%s%s", name, suffix->text);
	if (referrer_tags_find(w->tags, tag) == REFERRER_TAG_ABSENT)
		return;
	set_tag(w, tag, &ref);
	q = query_new(w, subject, depth);
	q->tag = take(tag);
	q->kind = suffix->kind;
	q->is_last = suffix->is_last;
	registry_head(charged_registry(w), &ref, got_cosign_tag, q);
}

/* ---- the walk ---- */

static void query_subject(struct referrer_walk *w, const struct digest *subject, int depth)
{
	struct err err;

	if (referrer_tally_subject(&w->tally, &err) < 0) {
		walk_fail(w, subject, &err);
		return;
	}
	registry_referrers(charged_registry(w), w->target->source, subject, got_referrer_list,
			   query_new(w, subject, depth));
	/* cosign makes such tags of sha256 digests only; a sha512 one is too long for a tag */
	if (strncmp(subject->str, "sha256:", 7) != 0)
		return;
	for (size_t i = 0; i < REFERRER_SUFFIXES; i++)
		query_cosign_tag(w, subject, depth, &referrer_suffixes[i]);
}

static void got_tags(void *arg, const struct referrer_tags *tags, unsigned requests)
{
	struct referrer_walk *w = arg;

	w->tags = tags;
	w->target->requests += requests;
	for (size_t i = 0; i < w->nmanifests; i++)
		query_subject(w, &w->manifests[i], 1);
	walk_step(w);
}

void referrers_fetch(struct run *r, struct target *t, const struct digest *manifests, size_t n,
		     void (*done)(void *arg), void *arg)
{
	const struct target *first = referrer_memory_first(&r->referrers, t);
	struct referrer_walk *w;

	t->referrers.asked = true;
	if (first != t) {
		t->referrers.same = first;
		done(arg);
		return;
	}
	w = xcalloc(1, sizeof(*w));
	*w = (struct referrer_walk){
		.run = r, .target = t, .pending = 1, .done = done, .arg = arg
	};
	time_budget_init(&w->budget, "its referrers", LIMIT_IMAGE_SECONDS, LIMIT_PACE_RATE);
	w->manifests = xcalloc(n, sizeof(*w->manifests));
	w->nmanifests = n;
	memcpy(w->manifests, manifests, n * sizeof(*manifests));
	referrer_memory_tags(&r->referrers, r->registry, t->source, n * REFERRER_SUFFIXES, got_tags,
			     w);
}

static void share_failure(struct referrers *rs, const struct referrers *from)
{
	rs->incomplete = from->incomplete;
	rs->why = from->why;
	rs->error = from->error ? xstrdup(from->error) : NULL;
}

static void finish_target(struct target *t)
{
	struct referrers *rs = &t->referrers;

	if (rs->same)
		share_failure(rs, &rs->same->referrers);
	if (!rs->incomplete)
		return;
	if (image_options_referrers(&t->o) == REFERRERS_YES) {
		cleanup_free char *both =
			t->error ? xasprintf("%s; %s", t->error, rs->error) : xstrdup(rs->error);

		t->incomplete = true;
		target_set_error(t, both);
	} else if (!rs->same) {
		strvec_add(&rs->warnings, rs->error);
	}
}

void referrers_finish(struct run *r)
{
	for (size_t i = 0; i < r->outcome.targets.n; i++)
		finish_target(r->outcome.targets.v[i]);
}
