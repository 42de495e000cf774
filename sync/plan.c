#include "sync/plan.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/glob.h"
#include "oci/lists/lists.h"
#include "oci/lists/tag_select.h"
#include "oci/registry/registry.h"
#include "sync/run.h"

/* A pattern without its tag part: what follows the last ":" after the last "/". */
static struct span name_part(struct span p)
{
	const char *slash = memrchr(p.p, '/', p.n), *colon = memrchr(p.p, ':', p.n);

	return colon && (!slash || colon > slash) ? span_of(p.p, (size_t)(colon - p.p)) : p;
}

/* Whether a pattern matches. `name_only`: the tag is not known yet. */
static bool matches(const char *pattern, const struct ref *target, bool name_only)
{
	struct span p = span_str(pattern);

	return glob_match_ref(name_only ? name_part(p) : p, target);
}

/* Whether the run is about a target: with patterns, what one of them matches. */
static bool asked_for(const struct run *r, const struct ref *target, bool name_only)
{
	for (size_t i = 0; i < r->o->npatterns; i++)
		if (matches(r->o->patterns[i], target, name_only))
			return true;
	return r->o->npatterns == 0;
}

bool plan_means(const struct run *r, const char *pattern)
{
	for (size_t i = 0; i < r->targets.n; i++)
		if (matches(pattern, &r->targets.v[i]->target, false))
			return true;
	for (size_t i = 0; i < r->nlistings; i++)
		if (matches(pattern, &r->listings[i].line->target, true))
			return true;
	return false;
}

static struct lane *lane_of(struct run *r, const char *host)
{
	struct lane *lane;

	for (size_t i = 0; i < r->nlanes; i++)
		if (strcmp(r->lanes[i]->host, host) == 0)
			return r->lanes[i];
	lane = xcalloc(1, sizeof(*lane));
	lane->host = xstrdup(host);
	r->lanes = xgrow(r->lanes, r->nlanes, &r->caplanes, sizeof(struct lane *));
	r->lanes[r->nlanes++] = lane;
	return lane;
}

const char plan_gone[] = "no longer upstream; the mirror serves it as before";

/* One target of a line, or NULL: the run is not about it, or another line had it first. Two lines that
 * mean the same name by their tag options meet here. */
static struct target *keep_target(struct run *r, const struct list_image *line, const char *tag)
{
	struct target *t = target_new(r->source->lists, line, tag);

	if (table_get(&r->names, t->name) || !asked_for(r, &t->target, false)) {
		target_free(t);
		return NULL;
	}
	targets_keep(&r->targets, t);
	table_put(&r->names, t->name, t);
	target_remember(t, &r->index);
	t->checked = sync_state_at(&r->checked, t->name);
	return t;
}

static void add_target(struct run *r, const struct list_image *line, const char *tag)
{
	struct target *t = keep_target(r, line, tag);
	struct lane *lane = t ? lane_of(r, t->source.host) : NULL;

	if (!t)
		return;
	lane->waiting = xgrow(lane->waiting, lane->n, &lane->cap, sizeof(struct target *));
	lane->waiting[lane->n++] = t;
}

/* A target that is not asked for: its listing says that it is gone, or did not come, or the run leaves its line
 * aside (then error is NULL); the name is that line's all the same. */
static void add_settled(struct run *r, const struct list_image *line, const char *tag,
			enum target_state state, const char *error)
{
	struct target *t = keep_target(r, line, tag);

	if (!t)
		return;
	if (error)
		target_set_error(t, error);
	t->state = state;
	r->settled++;
}

/* ---- tag lists ---- */

/* The line itself stands for its tags: what became of it is told like what became of an image. */
static void listing_failed(struct run *r, struct listing *l, const struct err *why)
{
	struct target *t = target_new(r->source->lists, l->line, NULL);
	struct err err = *why;

	l->error = xstrdup(why->msg);
	l->why = why->kind;
	if (err.kind == ERR_NOTFOUND)
		err_wrap(&err, "no such repository, or a private one");
	targets_keep(&r->targets, t);
	target_fail(t, &err);
	r->settled++;
}

/* The policy is about names with their tags, which only now are known. */
static int check_policy(const struct run *r, const struct listing *l, const char **tags, long n,
			struct err *err)
{
	const struct mirror_conf *conf = &r->source->lists->conf;
	const struct ref *const names[] = { &l->line->target, &l->line->source };

	if (conf->max_tags >= 0 && n > conf->max_tags)
		return err_set(
			err, ERR_USAGE, 0,
			"%ld tags match, more than the policy's max-tags=%ld; narrow the line "
			"with tags=, semver= or newest=",
			n, conf->max_tags);
	for (long i = 0; i < 2 * n; i++) {
		cleanup_by(ref_release) struct ref ref = REF_INIT;
		cleanup_free char *name = NULL;

		ref_copy(&ref, names[i % 2]);
		free(ref.tag);
		ref.tag = xstrdup(tags[i / 2]);
		if (mirror_conf_allows(conf, &ref))
			continue;
		name = ref_str(&ref);
		return err_set(err, ERR_USAGE, 0, "%s is outside the policy's allow=", name);
	}
	return 0;
}

/* Whether an entry is a tag that some list asked for, as far as is known. */
static bool was_listed(const struct entry *e)
{
	return entry_annotation(e, ANNOTATION_LIST) &&
	       !entry_annotation(e, ANNOTATION_SNAPSHOT_OF) &&
	       !entry_annotation(e, ANNOTATION_UNLISTED_SINCE);
}

/* Tags of the target's repository that the mirror has and upstream has not: lent, appended to v. */
static size_t find_missing(const struct run *r, const struct listing *l, const struct table *there,
			   const char ***v, size_t n)
{
	cleanup_free char *repository = ref_repository(&l->line->target);
	cleanup_free char *prefix = xasprintf("%s:", repository);
	size_t cap = n;

	for (size_t i = index_seek(&r->index, prefix); i < r->index.n; i++) {
		const struct entry *e = r->index.v[i];
		const char *tag = e->ref + strlen(prefix);

		if (!span_starts(span_str(e->ref), prefix))
			break;
		if (!was_listed(e) || table_get(there, tag))
			continue;
		*v = xgrow(*v, n, &cap, sizeof(**v));
		(*v)[n++] = tag;
	}
	return n;
}

/*
 * Tags that the mirror has and that the line would mean, were they still upstream: the listing is complete, so
 * they are gone, not merely unseen. What fell out of the filters, or would have by now, is unlisted
 * instead (see merge.h).
 */
static int find_gone(const struct run *r, struct listing *l, const struct registry_tags *tags,
		     struct err *err)
{
	cleanup_by(table_release) struct table there = TABLE_INIT;
	cleanup_free const char **v = xcalloc(tags->n, sizeof(*v));
	size_t all;
	long n;

	for (size_t i = 0; i < tags->n; i++) {
		v[i] = tags->tags[i];
		if (v[i])
			table_put(&there, v[i], (void *)v[i]);
	}
	all = find_missing(r, l, &there, &v, tags->n);
	n = all == tags->n ? 0 : tag_select_tags(l->line->select, v, all, err);
	for (long i = 0; i < n; i++) {
		if (table_get(&there, v[i]))
			continue;
		l->gone = xgrow(l->gone, l->ngone, &l->capgone, sizeof(*l->gone));
		l->gone[l->ngone++] = xstrdup(v[i]);
	}
	return n < 0 ? -1 : 0;
}

static int read_tags(const struct run *r, struct listing *l, const struct registry_tags *tags,
		     struct err *err)
{
	long n;

	l->all = tags->n;
	if (find_gone(r, l, tags, err) < 0)
		return -1;
	n = tag_select_tags(l->line->select, tags->tags, tags->n, err);
	if (n < 0 || check_policy(r, l, tags->tags, n, err) < 0)
		return -1;
	l->tags = xcalloc((size_t)n, sizeof(*l->tags));
	for (; l->n < (size_t)n; l->n++)
		l->tags[l->n] = xstrdup(tags->tags[l->n]);
	l->complete = true;
	return 0;
}

/* What the mirror has of a line whose listing did not come stays as it is. */
static void add_unknown(struct run *r, const struct listing *l)
{
	cleanup_by(table_release) struct table none = TABLE_INIT;
	cleanup_free const char **v = NULL;
	size_t n = find_missing(r, l, &none, &v, 0);

	for (size_t i = 0; i < n; i++) {
		struct err ignored;

		if (tag_select_match(l->line->select, span_str(v[i]), &ignored) > 0)
			add_settled(r, l->line, v[i], STATE_SKIPPED, NULL);
	}
}

/* Where lines overlap, a tag belongs to the one that spells it out, else to the first in the lists; so targets
 * are added when all listings are here, in the lists' order. */
static void add_listed(struct run *r)
{
	for (size_t i = 0; i < r->nlistings; i++)
		for (size_t k = 0; k < r->listings[i].n; k++)
			add_target(r, r->listings[i].line, r->listings[i].tags[k]);
	for (size_t i = 0; i < r->nlistings; i++)
		for (size_t k = 0; k < r->listings[i].ngone; k++)
			add_settled(r, r->listings[i].line, r->listings[i].gone[k], STATE_GONE,
				    plan_gone);
	for (size_t i = 0; i < r->nlistings; i++)
		if (!r->listings[i].complete)
			add_unknown(r, &r->listings[i]);
}

/* What a callback needs. */
struct question {
	struct run *run;
	struct listing *listing;
	void (*more)(struct run *r);
};

static void got_tags(void *arg, const struct registry_tags *tags)
{
	cleanup_free struct question *q = arg;
	struct run *r = q->run;
	struct err err;

	if (tags->err)
		listing_failed(r, q->listing, tags->err);
	else if (read_tags(r, q->listing, tags, &err) < 0)
		listing_failed(r, q->listing, &err);
	if (--r->listings_left)
		return;
	add_listed(r);
	q->more(r);
}

static void ask_tags(struct run *r, struct listing *l, void (*more)(struct run *r))
{
	struct question *q = xcalloc(1, sizeof(*q));

	*q = (struct question){ .run = r, .listing = l, .more = more };
	r->listings_left++;
	registry_tags(r->registry, &l->line->source, got_tags, q);
}

void plan_make(struct run *r, void (*more)(struct run *r))
{
	const struct lists *lists = r->source->lists;

	r->listings = xcalloc(lists->n, sizeof(*r->listings)); /* never moves: jobs point at them */
	for (size_t i = 0; i < lists->n; i++) {
		const struct list_image *line = &lists->images[i];
		bool aside = r->o->lines && !r->o->lines[i];

		if (!line->select)
			aside ? add_settled(r, line, NULL, STATE_SKIPPED, NULL)
			      : add_target(r, line, NULL);
		else if (!aside && asked_for(r, &line->target, true))
			r->listings[r->nlistings++] = (struct listing){ .line = line };
	}
	for (size_t i = 0; i < r->nlistings; i++)
		ask_tags(r, &r->listings[i], more);
	more(r);
}
