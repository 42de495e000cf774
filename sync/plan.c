#include "sync/plan.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/snapshot_suffix.h"
#include "oci/base/table.h"
#include "oci/lists/lists.h"
#include "oci/lists/tag_select.h"
#include "oci/registry/registry.h"
#include "sync/lanes.h"
#include "sync/missing_repository.h"
#include "sync/pattern.h"
#include "sync/run.h"
#include "sync/waiting_tags.h"

/* What planning needs until the last listing is here. */
struct plan {
	struct run *run;
	struct lanes *lanes;
	size_t listings_left;
	struct table choosers; /* repositories of lines that choose tags; the listings' keys */
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
const char plan_never_had[] = "its line says upstream=gone, and the mirror never had it";

/* Takes the name. */
static void reserve_name(struct run *r, char *name)
{
	if (table_get(&r->reserved, name))
		free(name);
	else
		table_put(&r->reserved, name, name);
}

/* Whether a name has the suffix of the snapshots that this run makes. */
static bool is_dated(const struct run *r, const char *name)
{
	char date[SNAPSHOT_SUFFIX_MAX];

	snapshot_suffix_print(r->options->suffix, r->outcome.started, date);
	return strstr(name, date) != NULL;
}

/* A line that chooses tags asks for those that upstream lists. So upstream=gone on another line
 * contradicts no choice of a tag that is not listed: what that line says holds. */
static void agree_on_gone(struct target *t, struct target *other, bool is_listed)
{
	if (t->is_gone && t->line->select)
		t->o.upstream_gone |= other->o.upstream_gone;
	if (!is_listed && other->line->select)
		other->o.upstream_gone |= t->o.upstream_gone;
}

/* Another line asks for a target, too. What both cannot have fails it, whatever it was. */
static void share_target(struct run *r, struct target *t, struct target *other, bool is_listed)
{
	struct err err;

	agree_on_gone(t, other, is_listed);
	if (t->line->conflict || target_unite(t, other, &err) == 0)
		return;
	err.kind = ERR_INVALID;
	if (t->state == STATE_PENDING)
		r->outcome.decided++;
	t->contradicts = true;
	target_fail(t, &err);
}

/* One target of a line. NULL when the run is not about it, or when an earlier line has it, which
 * then asks for both. l: the listing that has the tag, or NULL. */
static struct target *keep_target(struct run *r, const struct list_image *line, const char *tag,
				  const struct listing *l)
{
	struct target *t = target_new(r->source->lists, line, tag);
	struct target *first = targets_find(&r->outcome.targets, t->name);
	/* beside others that the mirror has of the line */
	bool is_beside = l && l->has_content;

	if (first || !is_asked_for(r, t->target, false)) {
		if (first) {
			share_target(r, first, t, l != NULL);
			first->wait.is_beside &= is_beside;
		}
		target_free(t);
		return NULL;
	}
	targets_keep_named(&r->outcome.targets, t);
	target_remember(t, &r->index);
	t->checked = sync_state_at(&r->checked, t->name);
	/* upstream may have it, also when this run fails to get it */
	if (!t->base.str[0] && is_dated(r, t->name))
		reserve_name(r, xstrdup(t->name));
	t->wait.is_beside = is_beside;
	return t;
}

/* A tag of the mirror that its listing shows to be gone. --missing does not work on it, and --force
 * looks at what is below it. */
static void add_gone(struct run *r, const struct list_image *line, const char *tag)
{
	struct target *t = keep_target(r, line, tag, NULL);

	if (t)
		t->is_gone = true;
}

/* A target that upstream is not asked for: its listing shows that it is gone, or failed, or the run
 * leaves its line aside. It takes its name, so that no other line gets it. error may be NULL. */
static void add_decided(struct run *r, const struct list_image *line, const char *tag,
			enum image_state state, const char *error)
{
	struct target *t = keep_target(r, line, tag, NULL);

	if (!t)
		return;
	if (error)
		target_set_error(t, error);
	t->state = state;
	r->outcome.decided++;
}

/* A line that contradicts another one brings nothing, and moves nothing. */
static void add_conflict(struct run *r, const struct list_image *line)
{
	struct target *t = keep_target(r, line, NULL, NULL);
	struct err err;

	if (!t)
		return;
	err_set(&err, ERR_INVALID, 0, "%s", line->conflict);
	t->contradicts = true;
	target_fail(t, &err);
	r->outcome.decided++;
}

/* Whether a line that chooses tags may choose the target, too: its listing tells. */
static bool may_be_shared(const struct plan *p, const struct target *t)
{
	cleanup_free char *repository = ref_repository(t->target);

	return table_get(&p->choosers, repository);
}

/* Puts targets into lanes that are to be asked for, once all lines that ask for them are known. */
static void queue_targets(const struct plan *p, bool all)
{
	const struct targets *ts = &p->run->outcome.targets;

	for (size_t i = 0; i < ts->n; i++) {
		struct target *t = ts->v[i];

		if (t->is_queued || t->state != STATE_PENDING || (!all && may_be_shared(p, t)))
			continue;
		t->is_queued = true;
		lanes_add(p->lanes, t);
	}
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
	t->requests = l->requests;
	targets_keep(&r->outcome.targets, t);
	target_fail(t, &err);
	r->outcome.decided++;
}

/* allow= and max-tags= are about names with their tags, which only the listing tells. */
static int check_tags_policy(const struct run *r, const struct listing *l, const char **tags,
			     long n, struct err *err)
{
	const struct policy *p = policies_for(&r->source->lists->conf.policies, l->line->file);
	const struct ref *const names[] = { list_image_target(l->line), &l->line->source };

	if (p && p->max_tags >= 0 && n > p->max_tags)
		return err_set(
			err, ERR_USAGE, 0,
			"%ld tags match, more than the policy's max-tags=%ld; narrow the line "
			"with tags=, semver= or newest=",
			n, p->max_tags);
	for (long i = 0; i < 2 * n; i++) {
		cleanup_by(ref_release) struct ref ref = REF_INIT;
		cleanup_free char *name = NULL;

		ref_copy(&ref, names[i % 2]);
		free(ref.tag);
		ref.tag = xstrdup(tags[i / 2]);
		if (i % 2 ? policy_allows_source(p, &ref)
			  : policy_allows_target(p, &ref, l->line->as))
			continue;
		name = ref_str(&ref);
		return err_set(err, ERR_USAGE, 0, "%s is outside the policy's %s=", name,
			       i % 2 == 0 && l->line->as && p && p->as ? "as" : "allow");
	}
	return 0;
}

/* Whether an entry came from a list and (but for `unlisted`) is not known to have left it. */
static bool was_listed(const struct entry *e, bool unlisted)
{
	return entry_annotation(e, ANNOTATION_LIST) &&
	       !entry_annotation(e, ANNOTATION_SNAPSHOT_OF) &&
	       (unlisted || !entry_annotation(e, ANNOTATION_UNLISTED_SINCE));
}

/* Appends to the n tags in *v those of the target's repository that the mirror has and `there`, the
 * tags of upstream, has not; gives how many *v has then. Texts are lent by the index. */
static size_t add_tags_gone(const struct run *r, const struct listing *l, const struct table *there,
			    bool unlisted, const char ***v, size_t n)
{
	cleanup_free char *repository = ref_repository(list_image_target(l->line));
	cleanup_free char *prefix = xasprintf("%s:", repository);
	size_t cap = n;

	for (size_t i = index_seek(&r->index, prefix); i < r->index.n; i++) {
		const struct entry *e = r->index.v[i];
		const char *tag = e->ref + strlen(prefix);

		if (!span_starts(span_str(e->ref), prefix))
			break;
		if (!was_listed(e, unlisted) || table_get(there, tag))
			continue;
		*v = xgrow(*v, n, &cap, sizeof(**v));
		(*v)[n++] = tag;
	}
	return n;
}

static void add_gone_tag(struct listing *l, const char *tag)
{
	l->gone = xgrow(l->gone, l->ngone, &l->capgone, sizeof(*l->gone));
	l->gone[l->ngone++] = xstrdup(tag);
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
	all = add_tags_gone(r, l, &there, false, &v, tags->n);
	n = all == tags->n ? 0 : tag_select_tags(l->line->select, v, all, NULL, err);
	for (long i = 0; i < n; i++) {
		if (table_get(&there, v[i]))
			continue;
		add_gone_tag(l, v[i]);
	}
	return n < 0 ? -1 : 0;
}

/* Remembers the tags of the mirror that the line's options match, whatever newest= says, as `to`.
 * All of them are gone: upstream lists no tag any more, or the line says upstream=gone. */
static size_t find_all_of_line(const struct run *r, struct listing *l, bool unlisted)
{
	cleanup_by(table_release) struct table none = TABLE_INIT;
	cleanup_free const char **v = NULL;
	size_t n = add_tags_gone(r, l, &none, unlisted, &v, 0);

	for (size_t i = 0; i < n; i++) {
		struct err ignored;

		if (tag_select_match(l->line->select, span_str(v[i]), &ignored) > 0)
			add_gone_tag(l, v[i]);
	}
	return l->ngone;
}

static int read_tags(struct run *r, struct listing *l, const struct registry_tags *tags,
		     struct err *err)
{
	cleanup_by(waiting_tags_release) struct waiting_tags waiting = WAITING_TAGS_INIT;
	long n;

	l->all = tags->n;
	/* a listing that turns empty makes tags gone, never unlisted */
	if (!tags->n && find_all_of_line(r, l, false)) {
		l->complete = true;
		return 0;
	}
	if (waiting_tags_take(&waiting, r, l, tags->tags, tags->n, err) < 0 ||
	    find_gone_tags(r, l, tags, err) < 0)
		return -1;
	n = tag_select_tags(l->line->select, tags->tags, tags->n, &l->left, err);
	/* those that wait were taken out, so there is room for them */
	for (size_t i = 0; n >= 0 && i < waiting.n; i++)
		tags->tags[n++] = waiting.beside[i];
	if (n == 0 && !l->ngone)
		return err_set(err, ERR_INVALID, 0, "none of its %zu tags matches", l->all);
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
	size_t n = add_tags_gone(r, l, &none, false, &v, 0);

	for (size_t i = 0; i < n; i++) {
		struct err ignored;

		if (tag_select_match(l->line->select, span_str(v[i]), &ignored) > 0)
			add_decided(r, l->line, v[i], STATE_SKIPPED, NULL);
	}
}

/* The first target of some tags of a line; NULL when the run is about none of them. */
static struct target *find_listed(const struct run *r, const struct listing *l, char *const *tags,
				  size_t n)
{
	cleanup_free char *repository = ref_repository(list_image_target(l->line));
	struct target *t = NULL;

	for (size_t i = 0; i < n && !t; i++) {
		cleanup_free char *name = xasprintf("%s:%s", repository, tags[i]);

		t = targets_find(&r->outcome.targets, name);
	}
	return t;
}

/* The requests for a list of tags were made for all its tags; the first of them counts them. */
static void count_listing(const struct run *r, const struct listing *l)
{
	struct target *t = find_listed(r, l, l->tags, l->n);

	if (!t)
		t = find_listed(r, l, l->gone, l->ngone);
	if (t && l->complete)
		t->requests += l->requests;
}

/* Where lines overlap, the first in the lists has the tag, and the others share it. So targets are
 * added when all listings are here, in the lists' order. */
static void add_listed(const struct plan *p)
{
	struct run *r = p->run;
	const struct outcome *o = &r->outcome;

	for (size_t i = 0; i < o->nlistings; i++)
		for (size_t k = 0; k < o->listings[i].n; k++)
			keep_target(r, o->listings[i].line, o->listings[i].tags[k],
				    &o->listings[i]);
	for (size_t i = 0; i < o->nlistings; i++)
		for (size_t k = 0; k < o->listings[i].ngone; k++)
			add_gone(r, o->listings[i].line, o->listings[i].gone[k]);
	for (size_t i = 0; i < o->nlistings; i++)
		if (!o->listings[i].complete)
			add_unknown(r, &o->listings[i]);
	for (size_t i = 0; i < o->nlistings; i++)
		count_listing(r, &o->listings[i]);
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
	queue_targets(p, true);
	p->more(p->run);
	table_clear(&p->choosers, free);
	free(p);
}

/* Whether the repository was deleted: upstream says so, and the mirror has tags of the line. */
static bool is_repository_gone(const struct run *r, struct listing *l, const struct err *err)
{
	return missing_repository(&l->line->source, err, true) && find_all_of_line(r, l, false);
}

static void got_tags(void *arg, const struct registry_tags *tags)
{
	cleanup_free struct tags_query *q = arg;
	struct run *r = q->plan->run;
	struct err err;

	q->listing->requests = tags->requests;
	if (!tags->err)
		referrer_memory_learn(&r->referrers, &q->listing->line->source, tags);
	if (tags->err && is_repository_gone(r, q->listing, tags->err))
		q->listing->complete = true;
	else if (tags->err)
		fail_listing(r, q->listing, tags->err);
	else if (read_tags(r, q->listing, tags, &err) < 0)
		fail_listing(r, q->listing, &err);
	plan_step(q->plan);
}

/* The line says upstream=gone: its tags are those that the mirror has. */
static void know_tags(struct run *r, struct listing *l)
{
	struct err err;

	l->complete = true;
	if (find_all_of_line(r, l, true) || run_is_mirror_unseen(r))
		return;
	err_set(&err, ERR_INVALID, 0, "%s", plan_never_had);
	fail_listing(r, l, &err);
}

static void ask_tags(struct plan *p, struct listing *l)
{
	struct tags_query *q = xcalloc(1, sizeof(*q));

	*q = (struct tags_query){ .plan = p, .listing = l };
	p->listings_left++;
	registry_tags(p->run->registry, &l->line->source, got_tags, q);
}

static void add_listing(struct plan *p, const struct list_image *line)
{
	struct outcome *o = &p->run->outcome;
	char *repository = ref_repository(list_image_target(line));

	if (table_get(&p->choosers, repository))
		free(repository);
	else
		table_put(&p->choosers, repository, repository);
	o->listings[o->nlistings++] = (struct listing){ .line = line };
}

static void add_line(struct plan *p, const struct list_image *line)
{
	struct run *r = p->run;

	if (line->select) {
		if (is_asked_for(r, list_image_target(line), true))
			add_listing(p, line);
	} else if (line->conflict) {
		add_conflict(r, line);
	} else {
		keep_target(r, line, NULL, NULL);
	}
}

static void ask_listings(struct plan *p)
{
	struct outcome *o = &p->run->outcome;

	for (size_t i = 0; i < o->nlistings; i++) {
		struct listing *l = &o->listings[i];
		struct err err;

		if (l->line->conflict) {
			err_set(&err, ERR_INVALID, 0, "%s", l->line->conflict);
			fail_listing(p->run, l, &err);
		} else if (l->line->o->upstream_gone) {
			know_tags(p->run, l);
		} else {
			ask_tags(p, l);
		}
	}
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
		if (!lines || lines[i])
			add_line(p, &lists->images[i]);
	/* those aside come last: what they share with the others is asked for */
	for (size_t i = 0; lines && i < lists->n; i++)
		if (!lines[i] && !lists->images[i].select)
			add_decided(r, &lists->images[i], NULL, STATE_SKIPPED, NULL);
	ask_listings(p);
	queue_targets(p, false);
	more(r);
	plan_step(p);
}

/* A listing was read for a line that chooses tags, or for the tags of signatures. */
void plan_reserve_listed(struct run *r)
{
	for (size_t i = 0; i < r->outcome.targets.n; i++) {
		const struct target *t = r->outcome.targets.v[i];
		const struct strvec *tags = referrer_memory_dated(&r->referrers, t->source);
		cleanup_free char *repository = ref_repository(t->target);

		for (size_t k = 0; tags && k < tags->n; k++)
			reserve_name(r, xasprintf("%s:%s", repository, tags->v[k]));
	}
}
