#include "sync/plan.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/lists/lists.h"
#include "oci/lists/tag_select.h"
#include "oci/registry/registry.h"
#include "sync/lanes.h"
#include "sync/pattern.h"
#include "sync/run.h"

/* What planning needs until the last listing is here. */
struct plan {
	struct run *run;
	struct lanes *lanes;
	size_t listings_left;
	void (*more)(struct run *r);
};

/* Whether the run is about a target: with patterns, what one of them matches. */
static bool is_asked_for(const struct run *r, const struct ref *target, bool name_only)
{
	for (size_t i = 0; i < r->options->npatterns; i++)
		if (pattern_matches(r->options->patterns[i], target, name_only))
			return true;
	return r->options->npatterns == 0;
}

const char plan_gone[] = "no longer upstream; the mirror serves it as before";

/* One target of a line. NULL when the run is not about it, or when an earlier line whose tag
 * options choose the same name has it. */
static struct target *keep_target(struct run *r, const struct list_image *line, const char *tag)
{
	struct target *t = target_new(r->source->lists, line, tag);

	if (targets_find(&r->outcome.targets, t->name) || !is_asked_for(r, &t->target, false)) {
		target_free(t);
		return NULL;
	}
	targets_keep_named(&r->outcome.targets, t);
	target_remember(t, &r->index);
	t->checked = sync_state_at(&r->checked, t->name);
	return t;
}

static void add_target(const struct plan *p, const struct list_image *line, const char *tag)
{
	struct target *t = keep_target(p->run, line, tag);

	if (t)
		lanes_add(p->lanes, t);
}

/* A target that upstream is not asked for: its listing shows that it is gone, or failed, or the run
 * leaves its line aside. It takes its name, so that no other line gets it. error may be NULL. */
static void add_decided(struct run *r, const struct list_image *line, const char *tag,
			enum image_state state, const char *error)
{
	struct target *t = keep_target(r, line, tag);

	if (!t)
		return;
	if (error)
		target_set_error(t, error);
	t->state = state;
	r->outcome.decided++;
}

/* ---- tag lists ---- */

/* The line gets one target in the place of its tags, so that its failure is told like an
 * image's. */
static void fail_listing(struct run *r, struct listing *l, const struct err *why)
{
	struct target *t = target_new(r->source->lists, l->line, NULL);
	struct err err = *why;

	l->error = xstrdup(why->msg);
	l->why = why->kind;
	if (err.kind == ERR_NOTFOUND)
		err_wrap(&err, "no such repository, or a private one");
	targets_keep(&r->outcome.targets, t);
	target_fail(t, &err);
	r->outcome.decided++;
}

/* allow= and max-tags= are about names with their tags, which only the listing tells. */
static int check_tags_policy(const struct run *r, const struct listing *l, const char **tags,
			     long n, struct err *err)
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

/* Whether an entry came from a list and is not known to have left it. */
static bool was_listed(const struct entry *e)
{
	return entry_annotation(e, ANNOTATION_LIST) &&
	       !entry_annotation(e, ANNOTATION_SNAPSHOT_OF) &&
	       !entry_annotation(e, ANNOTATION_UNLISTED_SINCE);
}

/* Appends to the n tags in *v those of the target's repository that the mirror has and `there`, the
 * tags of upstream, has not; gives how many *v has then. Texts are lent by the index. */
static size_t add_tags_gone(const struct run *r, const struct listing *l, const struct table *there,
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
 * Finds the tags that the mirror has, upstream has not, and the line's options would choose if
 * upstream had them. The listing is complete, so they are gone. Tags that the options choose no
 * more are unlisted instead (sync/merge.h).
 */
static int find_gone_tags(const struct run *r, struct listing *l, const struct registry_tags *tags,
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
	all = add_tags_gone(r, l, &there, &v, tags->n);
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
	if (find_gone_tags(r, l, tags, err) < 0)
		return -1;
	n = tag_select_tags(l->line->select, tags->tags, tags->n, err);
	if (n < 0 || check_tags_policy(r, l, tags->tags, n, err) < 0)
		return -1;
	l->tags = xcalloc((size_t)n, sizeof(*l->tags));
	for (; l->n < (size_t)n; l->n++)
		l->tags[l->n] = xstrdup(tags->tags[l->n]);
	l->complete = true;
	return 0;
}

/* What the mirror has of a line whose listing failed stays as it is. */
static void add_unknown(struct run *r, const struct listing *l)
{
	cleanup_by(table_release) struct table none = TABLE_INIT;
	cleanup_free const char **v = NULL;
	size_t n = add_tags_gone(r, l, &none, &v, 0);

	for (size_t i = 0; i < n; i++) {
		struct err ignored;

		if (tag_select_match(l->line->select, span_str(v[i]), &ignored) > 0)
			add_decided(r, l->line, v[i], STATE_SKIPPED, NULL);
	}
}

/* Where lines overlap, a tag belongs to the line that spells it out, else to the first in the
 * lists. So targets are added when all listings are here, in the lists' order. */
static void add_listed(struct plan *p)
{
	struct run *r = p->run;
	const struct outcome *o = &r->outcome;

	for (size_t i = 0; i < o->nlistings; i++)
		for (size_t k = 0; k < o->listings[i].n; k++)
			add_target(p, o->listings[i].line, o->listings[i].tags[k]);
	for (size_t i = 0; i < o->nlistings; i++)
		for (size_t k = 0; k < o->listings[i].ngone; k++)
			add_decided(r, o->listings[i].line, o->listings[i].gone[k], STATE_GONE,
				    plan_gone);
	for (size_t i = 0; i < o->nlistings; i++)
		if (!o->listings[i].complete)
			add_unknown(r, &o->listings[i]);
}

/* The argument of a listing's callback. */
struct tags_query {
	struct plan *plan;
	struct listing *listing;
};

/* Called once for each listing, and once when all have been asked for. */
static void plan_step(struct plan *p)
{
	if (--p->listings_left)
		return;
	add_listed(p);
	p->more(p->run);
	free(p);
}

static void got_tags(void *arg, const struct registry_tags *tags)
{
	cleanup_free struct tags_query *q = arg;
	struct run *r = q->plan->run;
	struct err err;

	if (tags->err)
		fail_listing(r, q->listing, tags->err);
	else if (read_tags(r, q->listing, tags, &err) < 0)
		fail_listing(r, q->listing, &err);
	plan_step(q->plan);
}

static void ask_tags(struct plan *p, struct listing *l)
{
	struct tags_query *q = xcalloc(1, sizeof(*q));

	*q = (struct tags_query){ .plan = p, .listing = l };
	p->listings_left++;
	registry_tags(p->run->registry, &l->line->source, got_tags, q);
}

static void add_line(const struct plan *p, const struct list_image *line, bool is_aside)
{
	struct run *r = p->run;
	struct outcome *o = &r->outcome;

	if (!line->select)
		is_aside ? add_decided(r, line, NULL, STATE_SKIPPED, NULL)
			 : add_target(p, line, NULL);
	else if (!is_aside && is_asked_for(r, &line->target, true))
		o->listings[o->nlistings++] = (struct listing){ .line = line };
}

void plan_make(struct run *r, struct lanes *lanes, void (*more)(struct run *r))
{
	const struct lists *lists = r->source->lists;
	const bool *lines = r->options->lines;
	struct outcome *o = &r->outcome;
	struct plan *p = xcalloc(1, sizeof(*p));

	*p = (struct plan){ .run = r, .lanes = lanes, .listings_left = 1, .more = more };
	o->listings =
		xcalloc(lists->n, sizeof(*o->listings)); /* never moves: queries point at it */
	for (size_t i = 0; i < lists->n; i++)
		add_line(p, &lists->images[i], lines && !lines[i]);
	for (size_t i = 0; i < o->nlistings; i++)
		ask_tags(p, &o->listings[i]);
	more(r);
	plan_step(p);
}
