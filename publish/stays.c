#include "publish/stays.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/store/generation.h"
#include "oci/store/journal.h"
#include "publish/contents.h"
#include "publish/mirror.h"

/* ---- one stay ---- */

static void stay_free(struct stay *t)
{
	free(t->ref);
	free(t->since);
	free(t->until);
	free(t->why);
	free(t->who);
	free(t->list);
	free(t->commit);
	free(t);
}

void stays_release(struct stays *s)
{
	for (size_t i = 0; i < s->n; i++)
		stay_free(s->v[i]);
	free(s->v);
	table_release(&s->open);
	*s = (struct stays){ .v = NULL };
}

static char *copy_text(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static struct stay *add_stay(struct stays *s, const char *ref, const struct digest *manifest,
			     uint64_t mask)
{
	struct stay *t = xcalloc(1, sizeof(*t));

	t->ref = xstrdup(ref);
	t->manifest = *manifest;
	t->mask = mask;
	t->first = t->last = -1;
	s->v = xgrow(s->v, s->n, &s->cap, sizeof(struct stay *));
	return s->v[s->n++] = t;
}

static struct stay *begin_stay(struct stays *s, const char *ref, const struct digest *manifest,
			       uint64_t mask)
{
	struct stay *t = add_stay(s, ref, manifest, mask);

	table_put(&s->open, t->ref, t);
	return t;
}

/* The reference had it up to the generation before this one. */
static void end_stay(struct stays *s, struct stay *t, long generation, const char *time)
{
	table_remove(&s->open, t->ref);
	t->last = generation - 1;
	t->until = copy_text(time);
}

/* ---- the journal ---- */

/* The wanted digests in the manifest with this digest; 0 for what is none. */
static uint64_t mask_of_text(struct stays *s, const char *text, struct digest *d)
{
	struct err ignored;

	if (!text || digest_parse(d, span_str(text), &ignored) < 0)
		return 0;
	return contents_of(s->contents, d);
}

/* Whether one of the digests that a line names as texts has something wanted in it. */
static bool names_wanted(struct stays *s, struct span text)
{
	struct err ignored;
	struct digest d;
	const char *at, *end;

	while (text.n && (at = memmem(text.p, text.n, "\"sha", 4))) {
		text = span_of(at + 1, text.n - (size_t)(at + 1 - text.p));
		end = memchr(text.p, '"', text.n);
		if (end &&
		    digest_parse(&d, span_of(text.p, (size_t)(end - text.p)), &ignored) == 0 &&
		    contents_of(s->contents, &d))
			return true;
	}
	return false;
}

/* A line of another shape is parsed, too: when it cannot be read, it is counted. */
static bool wants_line(struct span text, void *arg)
{
	return !span_starts(text, "{\"generation\":") || !span_ends(text, "}") ||
	       names_wanted(arg, text);
}

static void begin_by_line(struct stays *s, const struct journal_line *line,
			  const struct digest *manifest, uint64_t mask)
{
	struct stay *t = begin_stay(s, line->ref, manifest, mask);

	t->first = line->generation;
	t->snapshot = str_same(line->why, "snapshot");
	t->since = copy_text(line->time);
	t->why = copy_text(line->why);
	t->who = copy_text(line->who);
	t->list = copy_text(line->list);
	t->commit = copy_text(line->commit);
}

static int take_line(const struct journal_line *line, void *arg)
{
	struct stays *s = arg;
	struct digest old, now;
	uint64_t had, has;
	struct stay *t;

	if (!line->ref || str_same(line->old_digest, line->new_digest))
		return 0;
	had = mask_of_text(s, line->old_digest, &old);
	has = mask_of_text(s, line->new_digest, &now);
	t = table_get(&s->open, line->ref);
	if (!t && had) {
		t = begin_stay(s, line->ref, &old, had);
		t->earlier = true;
	}
	if (t && has && digest_eq(&t->manifest, &now))
		return 0;
	if (t)
		end_stay(s, t, line->generation, line->time);
	if (has)
		begin_by_line(s, line, &now, has);
	return 0;
}

/* ---- generations of which the journal does not tell ---- */

/* Which line of the lists, and whose, where the journal does not tell. */
static void describe_by_entry(struct stay *t, const struct entry *e)
{
	t->snapshot = entry_annotation(e, ANNOTATION_SNAPSHOT_OF) != NULL;
	if (t->list)
		return;
	t->list = copy_text(entry_annotation(e, ANNOTATION_LIST));
	if (!t->who)
		t->who = copy_text(entry_annotation(e, ANNOTATION_AUTHOR));
}

static void see_entry(struct stays *s, const struct entry *e, long generation, const char *time,
		      bool first)
{
	uint64_t mask = contents_of(s->contents, &e->digest);
	struct stay *t = table_get(&s->open, e->ref);

	if (t && !digest_eq(&t->manifest, &e->digest)) {
		end_stay(s, t, generation, time);
		t = NULL;
	}
	if (!t && mask) {
		t = begin_stay(s, e->ref, &e->digest, mask);
		t->first = generation;
		t->since = copy_text(time);
		t->earlier = first;
		describe_by_entry(t, e);
	}
	if (t)
		t->seen = generation;
}

/* Ends those that a generation does not have. */
static void end_unseen(struct stays *s, long generation, const char *time)
{
	for (size_t i = 0; i < s->n; i++) {
		struct stay *t = s->v[i];

		if (t->seen < generation && table_get(&s->open, t->ref) == t)
			end_stay(s, t, generation, time);
	}
}

static void see_generation(struct stays *s, long generation, bool first)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;
	const char *time;
	struct err ignored;

	if (generation_read(&s->mirror->layout, generation, &x, &ignored) < 0) {
		s->unread++;
		return;
	}
	time = index_annotation(&x, ANNOTATION_CREATED);
	for (size_t i = 0; i < x.n; i++)
		if (x.v[i]->ref[0])
			see_entry(s, x.v[i], generation, time, first);
	end_unseen(s, generation, time);
}

/* Sees the generations that are kept, from `low` to `high`. */
static int see_generations(struct stays *s, long low, long high, struct err *err)
{
	cleanup_free long *v = NULL;
	size_t n = 0;
	bool first = low == 0;

	if (low > high)
		return 0;
	s->lost = true;
	if (generation_list(&s->mirror->layout, high, &v, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (v[i] < low)
			continue;
		see_generation(s, v[i], first && v[i] > 1);
		first = false;
	}
	return 0;
}

/* ---- what is published now ---- */

static long number_noted(const struct entry *e, const char *key)
{
	const char *text = entry_annotation(e, key);

	return text ? (long)span_number(span_str(text), LONG_MAX) : -1;
}

/* A reference of which neither journal nor generations told. */
static struct stay *begin_by_entry(struct stays *s, const struct entry *e, uint64_t mask)
{
	struct stay *t = begin_stay(s, e->ref, &e->digest, mask);
	bool snapshot = entry_annotation(e, ANNOTATION_SNAPSHOT_OF) != NULL;

	t->first = number_noted(e, snapshot ? ANNOTATION_SNAPSHOT_IN : ANNOTATION_SYNCED_IN);
	t->since = copy_text(
		entry_annotation(e, snapshot ? ANNOTATION_SNAPSHOT_AT : ANNOTATION_SYNCED));
	t->earlier = t->first < 0 && !t->since;
	return t;
}

/* Those that the index does not have: where the journal tells of all generations, and not of their
 * end, somebody else has changed the index, and their end is not known. */
static void end_others(struct stays *s, long current)
{
	const char *time = index_annotation(&s->mirror->index, ANNOTATION_CREATED);

	for (size_t i = 0; i < s->n; i++) {
		struct stay *t = s->v[i];

		if (t->lasts || table_get(&s->open, t->ref) != t)
			continue;
		end_stay(s, t, current, s->lost ? time : NULL);
		t->last = s->lost ? t->last : -1;
	}
}

static void see_published(struct stays *s)
{
	const struct index *x = &s->mirror->index;
	long current = generation_number(x);

	for (size_t i = 0; i < x->n; i++) {
		const struct entry *e = x->v[i];
		uint64_t mask = contents_of(s->contents, &e->digest);
		struct stay *t = mask ? table_get(&s->open, e->ref) : NULL;

		if (!mask)
			continue;
		/* names of another tool's layout may stand several times */
		if (!t || !digest_eq(&t->manifest, &e->digest) || t->lasts)
			t = begin_by_entry(s, e, mask);
		t->lasts = true;
		t->entry = e;
		t->last = current;
		describe_by_entry(t, e);
	}
	end_others(s, current);
}

const char *stays_group(const struct stays *s, const char *ref)
{
	const struct index *x = &s->mirror->index;
	const char *slash = strrchr(ref, '/'), *end = strpbrk(slash ? slash : ref, "@:");
	size_t n = end ? (size_t)(end - ref) : strlen(ref);
	cleanup_free char *repository = xstrndup(ref, n);

	for (size_t i = index_seek(x, repository); i < x->n; i++) {
		const char *other = x->v[i]->ref;

		if (strncmp(other, repository, n) != 0)
			return NULL;
		if (other[n] == ':' || other[n] == '@' || !other[n])
			return entry_annotation(x->v[i], ANNOTATION_PRIVATE);
	}
	return NULL;
}

/* ---- all of it ---- */

static int order_stays(const void *pa, const void *pb)
{
	const struct stay *a = *(struct stay *const *)pa, *b = *(struct stay *const *)pb;
	int order = strcmp(a->ref, b->ref);

	if (order)
		return order;
	return (a->first < b->first) - (a->first > b->first);
}

/* The generation of the first line of the journal; -1 when there is none. */
static int note_first(const struct journal_line *line, void *first)
{
	*(long *)first = line->generation;
	return 1;
}

static int find_ends(struct stays *s, long current, struct err *err)
{
	const struct layout *l = &s->mirror->layout;

	if (journal_last(l, &s->last, err) < 0 ||
	    journal_walk(l, current, note_first, &s->first, NULL, err) < 0)
		return -1;
	return 0;
}

int stays_read(struct stays *s, const struct mirror *m, struct contents *c, struct err *err)
{
	long current = generation_number(&m->index);

	*s = (struct stays){
		.open = TABLE_INIT, .contents = c, .mirror = m, .first = -1, .last = -1
	};
	/* every publish since generation 1 has left a line */
	if (find_ends(s, current, err) < 0 ||
	    see_generations(s, 0,
			    s->first < 0   ? current - 1
			    : s->first > 1 ? s->first - 1
					   : -1,
			    err) < 0 ||
	    journal_walk_wanted(&m->layout, current, wants_line, take_line, s, &s->bad, err) < 0 ||
	    (s->first >= 0 && see_generations(s, s->last + 1, current - 1, err) < 0))
		return -1;
	s->lost = s->lost || (current > 0 && s->last < current);
	see_published(s);
	if (s->n)
		qsort(s->v, s->n, sizeof(struct stay *), order_stays);
	return 0;
}
