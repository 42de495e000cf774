#include "tests/model/model.h"

#include <stdio.h>
#include <string.h>

#include "oci/cli/exit_status.h"

void model_init(struct model *m)
{
	*m = (struct model){ .generation = 0 };
	for (int i = 0; i < MODEL_REFS; i++) {
		struct model_ref *r = &m->refs[i];

		snprintf(r->name, sizeof(r->name), "up.example/team/%c:%d", 'a' + i / 2, i % 2 + 1);
		snprintf(r->source, sizeof(r->source), "docker.io/team/%c:%d", 'a' + i / 2,
			 i % 2 + 1);
		r->upstream = r->published = r->pinned = NOTHING;
		r->listed = i % 3 != 2;
		m->kept[0].means[i] = NOTHING;
	}
}

/* ---- sync ---- */

/* What upstream offers for the line. */
static int offer_of(const struct model_ref *r)
{
	return r->pinned != NOTHING ? r->pinned : r->upstream;
}

static bool is_asked(const struct model_ref *r, const struct model_action *a, int i)
{
	bool missing =
		r->published == NOTHING || (r->pinned != NOTHING && r->pinned != r->published);

	return r->listed && (a->ref == NOTHING || a->ref == i) && (!a->missing || missing);
}

/* Only a run that looks at all lines says that a reference has none. */
static bool is_unlisted_by(const struct model_ref *r, const struct model_action *a)
{
	return !r->listed && a->ref == NOTHING && r->published != NOTHING;
}

/* Whether a sync of the reference changes more than what it means: whether it is listed or gone. */
static bool presence_changes(const struct model_ref *r)
{
	return r->published != NOTHING && (r->unlisted || r->gone != (offer_of(r) == NOTHING));
}

/* Whether the line's offer cannot be had. */
static bool fails(const struct model_ref *r, const bool *broken)
{
	int offer = offer_of(r);

	return offer != NOTHING && offer != r->published && broken[offer];
}

static void predict_asked(const struct model_ref *r, int i, const bool *broken,
			  struct model_expect *x)
{
	int offer = offer_of(r);

	if (offer == NOTHING) {
		x->must |= r->published == NOTHING ? EXIT_PART : EXIT_GONE;
	} else if (offer == r->published || r->frozen) {
		/* a frozen tag may be asked for; nothing is fetched */
		x->may |= r->frozen ? EXIT_PART | EXIT_GONE : 0;
	} else if (r->marks[offer] != MARK_NONE) {
		x->must |= r->pinned != NOTHING ? EXIT_PART : 0;
	} else if (fails(r, broken)) {
		x->must |= EXIT_PART;
	} else {
		x->want[i] = offer;
		x->changes = true;
	}
	if (r->frozen && offer == NOTHING) {
		x->must &= ~EXIT_GONE;
		x->may |= EXIT_GONE;
	}
	/* of a frozen tag, or one that fails, upstream's presence need not be told */
	if (r->frozen || fails(r, broken))
		x->may_change |= presence_changes(r);
	else
		x->changes |= presence_changes(r);
}

static void predict_sync(const struct model *m, const struct model_action *a, const bool *broken,
			 struct model_expect *x)
{
	for (int i = 0; i < MODEL_REFS; i++) {
		const struct model_ref *r = &m->refs[i];

		if (is_asked(r, a, i))
			predict_asked(r, i, broken, x);
		else if (r->listed && a->missing)
			x->may_change = true; /* it may take up a line again that came back */
		else if (is_unlisted_by(r, a) && !r->unlisted)
			*(a->missing ? &x->may_change : &x->changes) = true;
	}
}

/* ---- the operator's verbs ---- */

bool model_may_roll_back(const struct model_ref *r, int to)
{
	return to != NOTHING && to != r->published && r->ever[to] && r->marks[to] == MARK_NONE;
}

/* The newest meaning before the present one that is not bad. NOTHING when there is none. */
static int previous_of(const struct model_ref *r)
{
	for (int i = r->nmeanings - 1; i-- > 0;)
		if (model_may_roll_back(r, r->meanings[i]))
			return r->meanings[i];
	return NOTHING;
}

static void predict_rollback(const struct model_ref *r, int i, struct model_expect *x)
{
	int previous = previous_of(r);

	if (r->operated) {
		x->any[i] = x->may_change = true;
		x->may |= EXIT_PART;
	} else if (previous == NOTHING) {
		x->must |= EXIT_PART;
	} else {
		x->want[i] = previous;
		x->changes = true;
	}
}

static void predict_hold(const struct model_ref *r, bool release, struct model_expect *x)
{
	bool marked = r->frozen;

	for (int c = 0; release && c < MODEL_CONTENTS; c++)
		marked |= r->marks[c] != MARK_NONE;
	if (marked == release)
		x->changes = !(r->frozen && !release);
	else
		x->may_change = !release; /* a second hold, with another reason */
}

/* The generation that an undo goes back to: before the last sync that moved something. */
static long undo_base(const struct model *m, const struct model_action *a)
{
	if (a->to >= 0)
		return a->to;
	for (long g = m->generation; g > 0; g--)
		if (m->kept[g].sync_moved)
			return g - 1;
	return -1;
}

static void predict_undo(const struct model *m, const struct model_action *a,
			 struct model_expect *x)
{
	long base = undo_base(m, a);

	if (base < 0) {
		x->may |= EXIT_PART;
		return;
	}
	for (int i = 0; i < MODEL_REFS; i++) {
		const struct model_ref *r = &m->refs[i];
		int old = m->kept[base].means[i];

		if (a->to < 0 && !m->kept[base + 1].moved[i])
			continue;
		if (a->to >= 0 && r->unlisted)
			continue;
		if (old == NOTHING || old == r->published || r->frozen)
			continue;
		if (r->marks[old] == MARK_BY_ROLLBACK) {
			x->must |= EXIT_PART;
			continue;
		}
		x->want[i] = old;
		x->changes = true;
	}
}

void model_predict(const struct model *m, const struct model_action *a, const bool *broken,
		   struct model_expect *x)
{
	*x = (struct model_expect){ .changes = false };
	for (int i = 0; i < MODEL_REFS; i++) {
		x->want[i] = m->refs[i].published;
	}
	switch (a->verb) {
	case MODEL_SYNC: predict_sync(m, a, broken, x); break;
	case MODEL_ROLLBACK: predict_rollback(&m->refs[a->ref], a->ref, x); break;
	case MODEL_HOLD: predict_hold(&m->refs[a->ref], false, x); break;
	case MODEL_RELEASE: predict_hold(&m->refs[a->ref], true, x); break;
	case MODEL_UNDO: predict_undo(m, a, x); break;
	case MODEL_DRY_RUN: x->may = 0xff; break;
	}
}

/* ---- what happened ---- */

static void mark_bad(struct model_ref *r, int content, enum mark by)
{
	if (content != NOTHING && r->marks[content] < by)
		r->marks[content] = by;
}

static void apply_move(struct model_ref *r, const struct model_action *a, int to)
{
	int was = r->published;

	r->published = to;
	r->ever[to] = true;
	if (r->nmeanings < MODEL_KEPT)
		r->meanings[r->nmeanings++] = to;
	r->operated |= a->verb != MODEL_SYNC;
	if (a->verb == MODEL_ROLLBACK)
		mark_bad(r, was, MARK_BY_ROLLBACK);
	if (a->verb == MODEL_UNDO) {
		mark_bad(r, was, MARK_BY_UNDO);
		r->marks[to] = MARK_NONE;
	}
}

static void keep_generation(struct model *m, const struct model_action *a,
			    const struct model_seen *seen)
{
	struct model_generation *g = &m->kept[seen->generation];

	*g = (struct model_generation){ .sync_moved = false };
	for (int i = 0; i < MODEL_REFS; i++) {
		g->means[i] = seen->means[i];
		g->moved[i] = a->verb == MODEL_SYNC && m->refs[i].published != NOTHING &&
			      seen->means[i] != m->refs[i].published;
		g->sync_moved |= g->moved[i];
	}
}

static void apply_hold(struct model_ref *r, bool release)
{
	r->frozen = !release;
	if (release)
		memset(r->marks, 0, sizeof(r->marks));
}

void model_apply(struct model *m, const struct model_action *a, const struct model_seen *seen)
{
	bool published = seen->generation != m->generation;

	if (published)
		keep_generation(m, a, seen);
	m->generation = seen->generation;
	for (int i = 0; i < MODEL_REFS; i++) {
		if (seen->means[i] != m->refs[i].published)
			apply_move(&m->refs[i], a, seen->means[i]);
		m->refs[i].gone = seen->gone[i];
		m->refs[i].unlisted = seen->unlisted[i];
	}
	if (published && (a->verb == MODEL_HOLD || a->verb == MODEL_RELEASE))
		apply_hold(&m->refs[a->ref], a->verb == MODEL_RELEASE);
	if (published && a->verb == MODEL_ROLLBACK && a->freeze)
		m->refs[a->ref].frozen = true;
}

const char *model_check(const struct model *m, const struct model_action *a,
			const struct model_seen *seen, const bool *broken)
{
	for (int i = 0; i < MODEL_REFS; i++) {
		const struct model_ref *r = &m->refs[i];

		if (seen->frozen[i] != r->frozen)
			return r->frozen ? "a freeze is lost" : "a tag is frozen";
		if (a->verb != MODEL_SYNC || r->published == NOTHING || r->frozen)
			continue;
		if (is_asked(r, a, i) && seen->unlisted[i])
			return "a listed tag is said to be unlisted";
		if (is_asked(r, a, i) && !fails(r, broken) &&
		    seen->gone[i] != (offer_of(r) == NOTHING))
			return seen->gone[i] ? "a tag is said to be gone"
					     : "a tag is not said to be gone";
		if (is_unlisted_by(r, a) && !a->missing && !seen->unlisted[i])
			return "an unlisted tag is not said to be unlisted";
	}
	return NULL;
}
