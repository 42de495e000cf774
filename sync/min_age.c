#include "sync/min_age.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/base/unit.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/registry/registry.h"
#include "oci/store/sync_state.h"
#include "sync/run.h"

/* ---- the rules, on a row ---- */

time_t min_age_since(const struct sync_row *row, const struct digest *d, time_t now)
{
	if (!row || !row->offer || !str_eq(row->offer, d->str))
		return now;
	/* a date after now: the clock was wrong */
	return row->offer_since > 0 && row->offer_since <= now ? row->offer_since : now;
}

bool min_age_is_due(const struct sync_row *row, long min_age, time_t now)
{
	return row && row->offer && min_age > 0 && row->offer_since > 0 &&
	       row->offer_since <= now - min_age;
}

/* Ends the series of the row's offer. One that waited is told, unless it is or was published. */
static void end_offer(const struct sync_row *row, const struct min_age_check *check,
		      struct min_age *m)
{
	struct digest offer;
	struct err ignored;

	if (!row->offer || !row->offer_until || check->was_published ||
	    str_eq(row->offer, check->published->str))
		return;
	if (digest_parse(&offer, span_str(row->offer), &ignored) < 0)
		return;
	free(m->taken_back);
	m->taken_back = xmalloc(sizeof(offer));
	*m->taken_back = offer;
	m->taken_since = row->offer_since;
	m->taken_seen = row->offer_seen;
	m->taken_until = row->offer_until;
}

static void begin_offer(struct sync_row *row, const struct min_age_check *check)
{
	if (row->offer && row->offers_since > 0 && row->offers_since <= check->now) {
		row->offers_changed++;
	} else {
		row->offers_since = check->is_clock_wrong ? 0 : check->now;
		row->offers_changed = 0;
	}
	sync_row_set(&row->offer, check->offer->str);
	row->offer_since = check->is_clock_wrong ? 0 : check->now;
}

void min_age_see(struct sync_row *row, const struct min_age_check *check, struct min_age *m)
{
	bool is_same = row->offer && check->offer && str_eq(row->offer, check->offer->str);

	if (!is_same)
		end_offer(row, check, m);
	if (!check->offer) {
		sync_row_drop_offer(row);
		return;
	}
	if (!is_same)
		begin_offer(row, check);
	if (check->is_clock_wrong)
		return;
	row->offer_since = min_age_since(row, check->offer, check->now);
	row->offer_seen = check->now;
	row->offer_until = check->min_age > 0 ? row->offer_since + check->min_age : 0;
	m->changed = row->offers_changed;
	m->changed_since = row->offers_since;
}

/* ---- in a run ---- */

/* Whether content that upstream offers under the name may have to wait. */
static bool is_subject(const struct run *r, const struct target *t)
{
	const struct entry *e = index_find(&r->index, t->name);

	if (t->o.min_age <= 0 || target_is_pinned(t))
		return false;
	return e ? target_is_origin(t, e) : t->wait.is_beside;
}

bool min_age_waits(const struct run *r, struct target *t)
{
	time_t now = r->outcome.started;
	struct min_age *m = &t->wait;

	if (digest_eq(&t->base, &t->found) || !is_subject(r, t))
		return false;
	m->is_subject = true;
	m->since = min_age_since(sync_state_find(&r->checked, t->name), &t->found, now);
	m->until = m->since + t->o.min_age;
	if (m->until <= now && !r->options->observe)
		return false;
	m->is_skipped = r->options->skip_min_age;
	return !m->is_skipped;
}

bool min_age_recall(const struct run *r, struct target *t)
{
	const struct sync_row *row = sync_state_find(&r->checked, t->name);
	struct digest offer;
	struct err ignored;

	if (!row || !row->offer || !row->offer_until || !is_subject(r, t) ||
	    digest_parse(&offer, span_str(row->offer), &ignored) < 0 || digest_eq(&offer, &t->base))
		return false;
	t->found = offer;
	t->wait.is_subject = true;
	t->wait.since = min_age_since(row, &offer, r->outcome.started);
	t->wait.until = t->wait.since + t->o.min_age;
	t->wait.changed = row->offers_changed;
	t->wait.changed_since = row->offers_since;
	return true;
}

/* "4h", "2d". */
static void write_span(time_t seconds, char out[static FORMAT_AGE])
{
	char from[CLOCK_RFC3339];

	clock_rfc3339(0, from);
	format_age(from, seconds < 0 ? 0 : seconds, out);
}

static void warn_of_clock(int64_t ahead, bool is_skipped)
{
	char span[FORMAT_AGE];

	write_span(ahead < 0 ? -ahead : ahead, span);
	message_warn("this machine's clock is %s %s the clocks of most upstreams; %s", span,
		     ahead < 0 ? "ahead of" : "behind",
		     is_skipped ? "what waits for its min-age= is published by this run all the "
				  "same, because of --skip-min-age"
				: "nothing that waits for its min-age= is published by this run");
}

/* With a clock that is wrong no wait is known to be over, so --skip-min-age is what publishes. */
static void settle_target(const struct run *r, struct target *t)
{
	if (!t->wait.is_subject || !target_row(t)->is_moved)
		return;
	if (r->options->skip_min_age)
		t->wait.is_skipped = true;
	else
		t->state = STATE_WAITING;
}

/* Whether the tag had the digest before a rollback, an undo or another sync: a snapshot has it, or
 * a mark speaks of it. */
static bool had_digest(const struct run *r, const struct target *t, const struct digest *d)
{
	size_t n = strlen(t->name);

	for (size_t i = index_seek(&r->index, t->name); i < r->index.n; i++) {
		const struct entry *s = r->index.v[i];

		if (strncmp(s->ref, t->name, n) != 0)
			break;
		if (str_same(entry_annotation(s, ANNOTATION_SNAPSHOT_OF), t->name) &&
		    digest_eq(&s->digest, d))
			return true;
	}
	return marks_bad(&r->marks, t->name, d);
}

void min_age_look_back(struct run *r)
{
	for (size_t i = 0; i < r->outcome.targets.n; i++) {
		struct target *t = r->outcome.targets.v[i];
		const struct sync_row *row = sync_state_find(&r->checked, t->name);
		struct digest offer;
		struct err ignored;

		t->wait.was_published = row && row->offer_until &&
					digest_parse(&offer, span_str(row->offer), &ignored) == 0 &&
					had_digest(r, t, &offer);
	}
}

void min_age_settle(struct run *r)
{
	bool is_told = false;
	int64_t ahead = 0;

	r->is_clock_wrong = registry_clock_differs(r->registry, &ahead);
	if (!r->is_clock_wrong || r->options->check)
		return;
	for (size_t i = 0; i < r->outcome.targets.n; i++) {
		struct target *t = r->outcome.targets.v[i];

		is_told |= t->wait.is_subject;
		settle_target(r, t);
	}
	if (is_told)
		warn_of_clock(ahead, r->options->skip_min_age);
}

bool min_age_is_observed(const struct target *t)
{
	return t->o.min_age > 0 && t->o.refresh != UNIT_NEVER && !target_is_pinned(t) &&
	       !t->is_snapshot && (t->base.str[0] || t->wait.is_beside);
}

static void record_target(struct run *r, struct target *t)
{
	const struct digest *published = target_row(t)->is_arrived ? &t->found : &t->base;
	bool is_offered = t->found.str[0] && !digest_eq(&t->found, published);

	if (!t->is_asked || (!is_offered && !sync_state_find(&r->checked, t->name)))
		return;
	min_age_see(sync_state_row(&r->checked, t->name),
		    &(struct min_age_check){
			    .offer = is_offered ? &t->found : NULL,
			    .published = published,
			    .min_age = t->wait.is_subject ? t->o.min_age : -1,
			    .now = r->outcome.started,
			    .is_clock_wrong = r->is_clock_wrong,
			    .was_published = t->wait.was_published,
		    },
		    &t->wait);
}

void min_age_record(struct run *r)
{
	for (size_t i = 0; i < r->outcome.targets.n; i++)
		record_target(r, r->outcome.targets.v[i]);
}

/* ---- in words ---- */

static void next_clause(struct buf *out)
{
	if (out->n)
		buf_adds(out, "; ");
}

/* The tag is rebuilt before its content has waited. Twice may be chance: once is a mended
 * mistake. */
static void describe_changes(struct buf *out, const struct target *t, time_t now)
{
	const struct min_age *m = &t->wait;
	cleanup_free char *age = unit_duration_text(t->o.min_age);
	char every[FORMAT_AGE];
	time_t mean;

	if (m->changed < 2 || m->changed_since <= 0)
		return;
	mean = (now - m->changed_since) / m->changed;
	if (mean >= t->o.min_age)
		return;
	write_span(mean, every);
	next_clause(out);
	buf_addf(out,
		 "it will never move: it is rebuilt every %s, before its min-age=%s is over; use "
		 "a shorter min-age=, a tag that stays, or a digest",
		 every, age);
}

void min_age_describe_wait(struct buf *out, const struct target *t, time_t now)
{
	char found[DIGEST_SHORT], at[CLOCK_RFC3339];

	next_clause(out);
	digest_short(&t->found, found);
	clock_rfc3339(t->wait.until, at);
	if (t->wait.until <= now)
		buf_addf(out, "upstream has %s; its wait is over since %s", found, at);
	else
		buf_addf(out, "upstream has %s; it waits until %s", found, at);
	describe_changes(out, t, now);
}

void min_age_describe_taken(struct buf *out, const struct min_age *m, time_t now)
{
	char taken[DIGEST_SHORT], first[CLOCK_RFC3339], last[CLOCK_RFC3339], over[CLOCK_RFC3339];

	if (!m->taken_back)
		return;
	next_clause(out);
	digest_short(m->taken_back, taken);
	clock_rfc3339(m->taken_since, first);
	clock_rfc3339(m->taken_seen, last);
	clock_rfc3339(m->taken_until, over);
	if (m->taken_until <= now)
		buf_addf(out,
			 "upstream took %s back; its wait was over since %s, and no run "
			 "published it",
			 taken, over);
	else
		buf_addf(out, "upstream took %s back before its time; it was never published",
			 taken);
	if (m->taken_since > 0 && m->taken_seen > m->taken_since)
		buf_addf(out, " (seen from %s to %s)", first, last);
	else if (m->taken_seen > 0)
		buf_addf(out, " (seen %s)", last);
}

void min_age_describe(struct buf *out, const struct target *t, time_t now)
{
	if (t->state == STATE_WAITING)
		min_age_describe_wait(out, t, now);
	min_age_describe_taken(out, &t->wait, now);
}
