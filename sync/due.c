#include "sync/due.h"

#include "oci/base/cleanup.h"
#include "oci/base/str.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "oci/store/marks.h"
#include "oci/store/retag.h"
#include "oci/store/sync_state.h"
#include "sync/promise.h"
#include "sync/referrers_due.h"
#include "sync/run.h"

/* ---- before ---- */

/* A snapshot has what its tag had. Its line only keeps it, unless it names platforms; what it does
 * not name stays. */
static bool lacks_of_snapshot(const struct target *t, const char *has)
{
	cleanup_free char *all = t->o.platform ? retag_unite_platforms(has, t->o.platform) : NULL;

	return all && !str_same(all, has);
}

bool due_lacks_platforms(const struct run *r, const struct target *t)
{
	const struct entry *e = index_find(&r->index, t->name);
	const char *has = e ? entry_annotation(e, ANNOTATION_PLATFORM) : NULL;

	if (!e)
		return false;
	return t->is_snapshot ? lacks_of_snapshot(t, has) : !str_same(has, t->o.platform);
}

/* The same, or what was fetched for the line is not what it asks for. */
static bool lacks_platforms(const struct run *r, const struct target *t)
{
	return due_lacks_platforms(r, t) || promise_is_broken(r, t);
}

bool due_lacks_told(const struct run *r, const struct target *t)
{
	bool promised = image_options_referrers(&t->o) == REFERRERS_YES && !t->is_snapshot;

	return due_lacks_platforms(r, t) || (promised && referrers_due_changed(r, t));
}

bool due_lacks_promised(const struct run *r, const struct target *t)
{
	return lacks_platforms(r, t) || (!t->is_snapshot && referrers_due_changed(r, t));
}

bool due_snapshot_is_unasked(const struct run *r, const struct target *t)
{
	const struct sync_row *row = sync_state_find(&r->checked, t->name);

	return t->is_snapshot && !t->o.upstream_gone && (!row || row->unfinished);
}

/* Whether the tag may come to the digest, as far as operators have a say. */
static bool is_free(const struct run *r, const struct target *t, const struct entry *e,
		    const char *digest)
{
	struct digest d;
	struct err ignored;

	return digest_parse(&d, span_str(digest), &ignored) == 0 && !hold_is_frozen(e) &&
	       !marks_banned(&r->marks, &d) && !marks_bad(&r->marks, t->name, &d);
}

/* Whether upstream had something else at the last check, and no hold and no mark keeps the tag from
 * it any more. What waits for its min-age= is no such thing. */
static bool is_let_go(const struct run *r, const struct target *t, const struct entry *e,
		      const struct sync_row *row)
{
	bool waits = str_same(row->upstream, row->offer) && row->offer_until > r->outcome.started;

	if (row->held && !t->base_held)
		return true;
	return row->upstream && !waits && !str_same(row->upstream, e->digest.str) &&
	       is_free(r, t, e, row->upstream);
}

bool due_is(const struct run *r, const struct target *t)
{
	const struct entry *e = index_find(&r->index, t->name);
	const struct sync_row *row = sync_state_find(&r->checked, t->name);
	time_t now = r->outcome.started;

	if (r->options->force || !row || row->unfinished ||
	    min_age_is_due(row, t->o.min_age, now) ||
	    sync_state_due(row->checked, t->o.refresh, now))
		return true;
	if (!e) /* one that waits is asked for like one that is there */
		return !row->offer_until;
	if (t->is_snapshot)
		return lacks_platforms(r, t);
	return due_lacks_promised(r, t) || (!t->base_held && !target_is_origin(t, e)) ||
	       is_let_go(r, t, e, row);
}

bool due_has_pinned(const struct run *r, const struct target *t)
{
	const struct entry *e = index_find(&r->index, t->name);

	return digest_eq(&t->base, &t->source->digest) && target_is_origin(t, e);
}

bool due_is_left_aside(const struct run *r, const struct target *t)
{
	if (target_is_pinned(t) && !digest_eq(&t->base, &t->source->digest))
		return false;
	if (r->options->missing && t->base.str[0])
		return !r->options->force && !due_lacks_promised(r, t) &&
		       !due_snapshot_is_unasked(r, t);
	return !target_is_pinned(t) && !r->options->observe && !due_is(r, t);
}

/* ---- afterwards ---- */

bool due_was_checked(const struct target *t)
{
	return !t->unasked && target_row(t)->upstream != UPSTREAM_UNKNOWN &&
	       (t->state != STATE_WAITING || t->is_asked);
}

long due_max_age(const struct target *t)
{
	return t->o.upstream_gone ? -1 : t->o.max_age;
}

static void remember_check(struct sync_row *row, const struct target *t, time_t now)
{
	const struct state_row *state = target_row(t);

	row->checked = now;
	row->gone = state->upstream == UPSTREAM_LACKS;
	sync_row_set(&row->upstream, t->found.str[0] ? t->found.str : NULL);
}

static void remember_target(struct run *r, const struct target *t)
{
	const struct state_row *state = target_row(t);
	bool asked = due_was_checked(t) || state->is_failed || t->incomplete || state->is_arrived;
	struct sync_row *row;

	/* one that is new and failed is due since the mirror lacks it */
	if (!t->base.str[0] && !due_was_checked(t))
		return;
	row = sync_state_row(&r->checked, t->name);
	row->max_age = due_max_age(t);
	row->held = t->base_held != NULL;
	if (due_was_checked(t))
		remember_check(row, t, r->outcome.started);
	if (asked)
		row->unfinished =
			state->is_failed || t->incomplete || (t->unasked && row->unfinished);
}

void due_remember(struct run *r)
{
	/* an observed image does not rest for its refresh=: nothing of it was fetched */
	for (size_t i = 0; i < r->outcome.targets.n && !r->options->observe; i++)
		remember_target(r, r->outcome.targets.v[i]);
}
