#include "sync/referrers.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/table.h"
#include "oci/registry/registry.h"
#include "sync/fetch.h"
#include "sync/run.h"
#include "sync/work.h"

/* A signature of an SBOM of an image is the deepest that anybody makes. */
#define DEPTH 3

/* All that is asked for one target. */
struct hunt {
	struct run *run;
	struct target *target;
	struct table seen; /* digests, owned */
	size_t pending;
	void (*done)(void *arg);
	void *arg;
};

/* One question: who refers to `subject`, or what is under its cosign tag. */
struct trail {
	struct hunt *hunt;
	struct digest subject, digest;
	char *tag; /* or NULL */
	int depth;
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

static void trail_free(struct trail *t)
{
	free(t->tag);
	free(t);
}

static struct trail *trail_new(struct hunt *h, const struct digest *subject, int depth)
{
	struct trail *t = xcalloc(1, sizeof(*t));

	t->hunt = h;
	t->subject = *subject;
	t->depth = depth;
	h->pending++;
	return t;
}

static void hunt_step(struct hunt *h)
{
	if (--h->pending)
		return;
	table_clear(&h->seen, free);
	h->done(h->arg);
	free(h);
}

static void trail_end(struct trail *t)
{
	struct hunt *h = t->hunt;

	trail_free(t);
	hunt_step(h);
}

static void trail_failed(struct trail *t, const struct err *why)
{
	struct target *target = t->hunt->target;
	struct err err = *why;

	if (!target->incomplete) {
		err_wrap(&err, "what refers to %s", t->subject.str);
		target_set_error(target, err.msg);
	}
	target->incomplete = true;
	trail_end(t);
}

static void ask_about(struct hunt *h, const struct digest *subject, int depth);

static void got_referrer(void *arg, const struct fetch_result *result)
{
	struct trail *t = arg;
	struct target *target = t->hunt->target;
	struct referrers *rs = &target->referrers;
	struct referrer *found;

	target->bytes += result->bytes;
	target->requests += result->requests;
	if (result->err) {
		trail_failed(t, result->err);
		return;
	}
	rs->v = xgrow(rs->v, rs->n, &rs->cap, sizeof(*rs->v));
	found = &rs->v[rs->n++];
	*found = (struct referrer){ .digest = t->digest,
				    .subject = t->subject,
				    .size = result->size };
	found->tag = take(t->tag);
	found->media_type = xstrdup(result->media_type);
	if (t->depth < DEPTH)
		for (size_t i = 0; i < result->nmanifests; i++)
			ask_about(t->hunt, &result->manifests[i], t->depth + 1);
	trail_end(t);
}

static int admit_referrer(void *arg, int64_t bytes, struct err *err)
{
	const struct trail *t = arg;

	return work_check_space(t->hunt->run, bytes, NULL, err);
}

/* Fetches one referrer, unless it was met before. Takes t. */
static void follow(struct trail *t, const struct digest *d)
{
	struct hunt *h = t->hunt;
	cleanup_free char *key = xasprintf("%s %s", d->str, t->tag ? t->tag : "");
	cleanup_by(ref_release) struct ref from = REF_INIT;

	if (table_get(&h->seen, key) || h->target->referrers.n >= LIMIT_DESCRIPTORS) {
		trail_end(t);
		return;
	}
	t->digest = *d;
	table_put(&h->seen, key, key);
	(void)take(key);
	ref_copy(&from, &h->target->source);
	/* all of it: a platform filter is about the image */
	fetch_image(h->run->fetch, &from, d, NULL, admit_referrer, got_referrer, t);
}

static void got_list(void *arg, const struct registry_referrers *found)
{
	struct trail *t = arg;

	t->hunt->target->requests += found->requests;
	if (found->err) {
		trail_failed(t, found->err);
		return;
	}
	for (size_t i = 0; i < found->n; i++)
		follow(trail_new(t->hunt, &t->subject, t->depth), &found->digests[i]);
	trail_end(t);
}

static void got_tag(void *arg, const struct registry_manifest *m)
{
	struct trail *t = arg;

	t->hunt->target->requests += m->requests;
	if (!m->err)
		follow(t, &m->digest);
	else if (m->err->kind == ERR_NOTFOUND)
		trail_end(t);
	else
		trail_failed(t, m->err);
}

static void ask_tag(struct hunt *h, const struct digest *subject, int depth, const char *suffix)
{
	struct trail *t = trail_new(h, subject, depth);
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	char name[DIGEST_MAX + 1];

	digest_name(subject, name);
	t->tag = xasprintf("%s%s", name, suffix);
	ref_copy(&ref, &h->target->source);
	free(ref.tag);
	ref.tag = xstrdup(t->tag);
	ref.digest.str[0] = '\0';
	registry_head(h->run->registry, &ref, got_tag, t);
}

static void ask_about(struct hunt *h, const struct digest *subject, int depth)
{
	static const char *const suffixes[] = { ".sig", ".att", ".sbom" };

	registry_referrers(h->run->registry, &h->target->source, subject, got_list,
			   trail_new(h, subject, depth));
	/* cosign's tags are of sha256 digests; a longer one would be no tag */
	for (size_t i = 0; i < 3 && strncmp(subject->str, "sha256:", 7) == 0; i++)
		ask_tag(h, subject, depth, suffixes[i]);
}

void referrers_fetch(struct run *r, struct target *t, const struct digest *manifests, size_t n,
		     void (*done)(void *arg), void *arg)
{
	struct hunt *h = xcalloc(1, sizeof(*h));

	*h = (struct hunt){ .run = r, .target = t, .pending = 1, .done = done, .arg = arg };
	for (size_t i = 0; i < n; i++)
		ask_about(h, &manifests[i], 1);
	hunt_step(h);
}
