#include "sync/waiting_tags.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/table.h"
#include "oci/cli/format.h"
#include "oci/lists/list_image.h"
#include "oci/lists/tag_select.h"
#include "oci/store/index.h"
#include "oci/store/sync_state.h"
#include "sync/run.h"

/* What a tag of upstream is to its line. */
enum tag_kind {
	TAG_COUNTS, /* the mirror has it, or it does not have to wait */
	TAG_DUE,    /* new, and its wait is over unless upstream has replaced it */
	TAG_WAITS,  /* new, and it waits already */
	TAG_IS_NEW, /* new, and never seen before */
};

struct tags {
	const struct run *run;
	const struct list_image *line;
	char *repository; /* in the mirror */
	const char **v;   /* all tags, lent */
	enum tag_kind *kinds;
	size_t n;
};

static void tags_release(struct tags *t)
{
	free(t->repository);
	free(t->v);
	free(t->kinds);
}

static enum tag_kind kind_of(const struct tags *t, const char *tag)
{
	cleanup_free char *ref = xasprintf("%s:%s", t->repository, tag);
	const struct sync_row *row = sync_state_find(&t->run->checked, ref);

	if (index_find(&t->run->index, ref))
		return TAG_COUNTS;
	if (min_age_is_due(row, t->line->o->min_age, t->run->outcome.started))
		return TAG_DUE;
	return row && row->offer ? TAG_WAITS : TAG_IS_NEW;
}

/* Whether the mirror has a tag that this line has brought, or would bring. */
static int has_content(const struct tags *t, bool *has, struct err *err)
{
	cleanup_free char *prefix = xasprintf("%s:", t->repository);
	const struct index *x = &t->run->index;

	*has = false;
	for (size_t i = index_seek(x, prefix); i < x->n && !*has; i++) {
		const struct entry *e = x->v[i];
		int r;

		if (!span_starts(span_str(e->ref), prefix))
			break;
		if (!entry_annotation(e, ANNOTATION_LIST) ||
		    entry_annotation(e, ANNOTATION_SNAPSHOT_OF) ||
		    entry_annotation(e, ANNOTATION_SUBJECT))
			continue;
		r = tag_select_match(t->line->select, span_str(e->ref + strlen(prefix)), err);
		if (r < 0)
			return -1;
		*has = r > 0;
	}
	return 0;
}

/* The names that the line chooses among those of kinds up to `last`, and one more (or NULL); as a
 * table of themselves. Gives how many, or -1. */
static long choose_among(const struct tags *t, enum tag_kind last, const char *one_more,
			 struct table *chosen, struct err *err)
{
	cleanup_free const char **v = xcalloc(t->n + 1, sizeof(*v));
	size_t n = 0;
	long kept;

	for (size_t i = 0; i < t->n; i++)
		if (t->kinds[i] <= last)
			v[n++] = t->v[i];
	if (one_more)
		v[n++] = one_more;
	kept = n ? tag_select_tags(t->line->select, v, n, NULL, err) : 0;
	for (long i = 0; i < kept; i++)
		table_put(chosen, v[i], (void *)v[i]);
	return kept;
}

static int would_choose(const struct tags *t, const char *tag, struct err *err)
{
	cleanup_by(table_release) struct table chosen = TABLE_INIT;

	if (choose_among(t, TAG_DUE, tag, &chosen, err) < 0)
		return -1;
	return table_get(&chosen, tag) != NULL;
}

/* A tag that waits goes on waiting as long as nothing that is published would push it out; of those
 * never seen, only those are asked for that would be chosen now. */
static int find_beside(const struct tags *t, struct waiting_tags *w, struct err *err)
{
	cleanup_by(table_release) struct table front = TABLE_INIT;

	if (choose_among(t, TAG_IS_NEW, NULL, &front, err) < 0)
		return -1;
	w->beside = xcalloc(t->n, sizeof(*w->beside));
	for (size_t i = 0; i < t->n; i++) {
		int is_beside = t->kinds[i] >= TAG_WAITS && table_get(&front, t->v[i]);

		if (t->kinds[i] == TAG_WAITS && !is_beside)
			is_beside = would_choose(t, t->v[i], err);
		if (is_beside < 0)
			return -1;
		if (is_beside)
			w->beside[w->n++] = t->v[i];
	}
	return 0;
}

/* The tags that leave newest= when those that are due arrive. */
static int find_spare(const struct tags *t, struct listing *l, struct err *err)
{
	cleanup_by(table_release) struct table with = TABLE_INIT, without = TABLE_INIT;
	const char *tag;

	if (choose_among(t, TAG_DUE, NULL, &with, err) < 0 ||
	    choose_among(t, TAG_COUNTS, NULL, &without, err) < 0)
		return -1;
	for (size_t at = 0; (tag = table_next(&without, &at));)
		if (!table_get(&with, tag))
			strvec_add(&l->spare, tag);
	for (size_t i = 0; i < t->n; i++)
		if (t->kinds[i] == TAG_DUE)
			strvec_add(&l->due, t->v[i]);
	return 0;
}

static void gather_tags(struct tags *t, const char **tags, size_t n, size_t count[static 4])
{
	t->v = xcalloc(n, sizeof(*t->v));
	t->kinds = xcalloc(n, sizeof(*t->kinds));
	for (size_t i = 0; i < n; i++) {
		if (!tags[i])
			continue;
		t->v[t->n] = tags[i];
		t->kinds[t->n] = kind_of(t, tags[i]);
		count[t->kinds[t->n++]]++;
	}
}

/* The tags that wait leave the listing. */
static void take_out(const struct tags *t, const char **tags, size_t n)
{
	for (size_t i = 0, k = 0; i < n; i++)
		if (tags[i] && t->kinds[k++] >= TAG_WAITS)
			tags[i] = NULL;
}

int waiting_tags_take(struct waiting_tags *w, const struct run *r, struct listing *l,
		      const char **tags, size_t n, struct err *err)
{
	cleanup_by(tags_release) struct tags t = {
		.run = r,
		.line = l->line,
		.repository = ref_repository(list_image_target(l->line)),
	};
	size_t count[4] = { 0 };

	if (has_content(&t, &l->has_content, err) < 0)
		return -1;
	/* without newest= nothing is pushed out */
	if (!l->has_content || l->line->o->newest < 0 || l->line->o->min_age <= 0 ||
	    r->options->skip_min_age)
		return 0;
	gather_tags(&t, tags, n, count);
	if (count[TAG_WAITS] + count[TAG_IS_NEW] && find_beside(&t, w, err) < 0)
		return -1;
	if (count[TAG_DUE] && find_spare(&t, l, err) < 0)
		return -1;
	take_out(&t, tags, n);
	return 0;
}

void waiting_tags_release(struct waiting_tags *w)
{
	free(w->beside);
}

static bool is_among(const struct strvec *tags, const char *tag)
{
	for (size_t i = 0; i < tags->n; i++)
		if (strcmp(tag, tags->v[i]) == 0)
			return true;
	return false;
}

/* The tag of ref, when that is in the repository that the line publishes; or NULL. */
static const char *tag_in(const struct listing *l, const char *ref)
{
	cleanup_free char *repository = ref_repository(list_image_target(l->line));
	size_t n = strlen(repository);

	return strncmp(ref, repository, n) == 0 && ref[n] == ':' ? ref + n + 1 : NULL;
}

/* Whether a tag whose wait was over has not arrived. */
static bool has_tag_on_its_way(const struct outcome *o, const struct listing *l)
{
	for (size_t i = 0; i < o->targets.n; i++) {
		const struct target *t = o->targets.v[i];
		const char *tag = target_row(t)->is_arrived ? NULL : tag_in(l, t->name);

		if (tag && is_among(&l->due, tag))
			return true;
	}
	return false;
}

bool waiting_tags_keep(const struct outcome *o, const char *ref)
{
	for (size_t i = 0; i < o->nlistings; i++) {
		const struct listing *l = &o->listings[i];
		const char *tag = l->spare.n ? tag_in(l, ref) : NULL;

		if (tag && is_among(&l->spare, tag) && has_tag_on_its_way(o, l))
			return true;
	}
	return false;
}

static bool is_of_listing(const struct outcome *o, const char *ref)
{
	for (size_t i = 0; i < o->nlistings; i++)
		if (o->listings[i].complete && tag_in(&o->listings[i], ref))
			return true;
	return false;
}

void waiting_tags_note_vanished(struct run *r)
{
	struct outcome *o = &r->outcome;
	const struct sync_row *row;

	if (o->stopped || r->options->npatterns || r->options->check)
		return;
	for (size_t at = 0; (row = table_next(&r->checked.rows, &at));) {
		char digest[FORMAT_DIGEST];

		if (!row->offer || !row->offer_until || targets_find(&o->targets, row->ref) ||
		    outcome_misses_listing(o, row->ref) || !is_of_listing(o, row->ref))
			continue;
		format_digest(row->offer, digest);
		strvec_addf(&o->taken_back,
			    "%s: %s waits no longer: upstream does not have it any more, or its "
			    "line does not choose it; no run published it while it waited",
			    row->ref, digest);
	}
}
