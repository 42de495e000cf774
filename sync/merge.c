#include "sync/merge.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/base/strvec.h"
#include "oci/base/unit.h"
#include "oci/cli/format.h"
#include "oci/lists/lists.h"
#include "oci/store/generation.h"
#include "oci/store/hold.h"
#include "oci/store/journal.h"
#include "oci/store/retag.h"
#include "sync/run.h"

/* How long an operator's publish may take; it is milliseconds. */
#define PUBLISH_WAIT 60

struct merge {
	struct run *run;
	struct index index; /* as published now, being changed */
	struct retag move;
	char now[CLOCK_RFC3339];
	char who[FORMAT_WHO];
	struct journal_line *lines;
	size_t nlines, cap;
	struct strvec texts; /* the journal's lines point at them */
	bool changed;
};

static void merge_release(struct merge *m)
{
	index_release(&m->index);
	strvec_release(&m->texts);
	free(m->lines);
}

/* Appends a line to the journal; all texts are lent. Something has changed, so this run
 * publishes. */
static struct journal_line *add_journal_line(struct merge *m, const char *ref, const char *why)
{
	m->changed = true;
	m->lines = xgrow(m->lines, m->nlines, &m->cap, sizeof(*m->lines));
	m->lines[m->nlines] = (struct journal_line){ .ref = ref, .why = why, .who = m->who };
	return &m->lines[m->nlines++];
}

/* ---- one entry ---- */

/* Sets an annotation; true when its value was another one. */
static bool set_annotation(struct entry *e, const char *key, const char *value)
{
	const char *old = entry_annotation(e, key);

	if (str_same(old, value))
		return false;
	entry_set_annotation(e, key, value);
	return true;
}

/* Whether this run found or fetched all that the entry points at, with the line's platforms. */
static bool has_arrived(const struct target *t, const struct entry *e)
{
	return target_row(t)->is_arrived && digest_eq(&e->digest, &t->found);
}

/* keep=, keep-for= and, when the image has arrived, platform= of the line. */
static bool set_retention(struct entry *e, const struct target *t)
{
	const struct image_options *o = &t->o;
	cleanup_free char *count = o->keep >= 0 ? xasprintf("%ld", o->keep) : NULL;
	cleanup_free char *age = o->keep_for >= 0 ? unit_duration_text(o->keep_for) : NULL;
	bool changed = set_annotation(e, ANNOTATION_KEEP, count);

	changed |= set_annotation(e, ANNOTATION_KEEP_FOR, age);
	if (has_arrived(t, e))
		changed |= set_annotation(e, ANNOTATION_PLATFORM, o->platform);
	return changed;
}

/* The upstream that the content came from, the line that asked for it and the line's author. */
static void set_origin(struct merge *m, struct entry *e, const struct target *t,
		       struct journal_line *j)
{
	struct list_source *s = m->run->source;
	cleanup_free char *repository = ref_repository(&t->source);
	cleanup_free char *source = xasprintf("%s@%s", repository, t->found.str);
	cleanup_free char *place = list_source_place(s, t->line);

	j->list = strvec_addf(&m->texts, "%s:%d", t->line->file, t->line->line);
	j->commit = s->commit[0] ? s->commit : NULL;
	if (t->author)
		j->who = t->author;
	entry_set_annotation(e, ANNOTATION_SOURCE, source);
	entry_set_annotation(e, ANNOTATION_LIST, place);
	entry_set_annotation(e, ANNOTATION_AUTHOR, t->author);
}

/* Whether an operator changed the entry since the run began. */
static bool is_changed_meanwhile(const struct target *t, const struct entry *e)
{
	const char *held = e ? entry_annotation(e, ANNOTATION_HELD) : NULL;

	if (!e)
		return t->base.str[0] != '\0';
	if (!digest_eq(&e->digest, &t->base))
		return true;
	return (held == NULL) != (t->base_held == NULL) ||
	       (held && strcmp(held, t->base_held) != 0);
}

/* The tag moves or appears; the digest that it had is kept as a snapshot. */
static void retag_target(struct merge *m, struct target *t, struct entry *e)
{
	struct entry *snapshot = NULL;
	struct journal_line *j;
	struct err err;
	bool is_new = e == NULL;
	size_t before;

	if (is_changed_meanwhile(t, e)) {
		t->state = STATE_HELD;
		target_set_error(t, "changed by an operator during this run; left as it is");
		return;
	}
	if (is_new)
		e = index_add(&m->index, t->name);
	before = m->index.n;
	if (retag_move(&m->move, e, t->media_type, &t->found, t->size, &snapshot, &err) < 0) {
		err_wrap(&err, "what it means now cannot be kept, so it stays");
		target_fail(t, &err);
		return;
	}
	if (snapshot)
		t->snapshot = xstrdup(strrchr(snapshot->ref, ':') + 1);
	if (m->index.n > before) {
		j = add_journal_line(m, snapshot->ref, "snapshot");
		j->new_digest = t->base.str;
		j->detail = t->name;
	}
	j = add_journal_line(m, t->name, RETAG_BY_SYNC);
	j->old_digest = is_new ? NULL : t->base.str;
	j->new_digest = t->found.str;
	j->detail = t->snapshot;
	set_origin(m, e, t, j);
	entry_set_annotation(e, ANNOTATION_SYNCED, m->now);
	set_retention(e, t);
	/* a hold blocks one digest, and upstream now has another one */
	entry_set_annotation(e, ANNOTATION_HELD, NULL);
}

/* ---- referrers ---- */

static char *referrer_name(const struct target *t, const struct fetched_referrer *f)
{
	cleanup_free char *repository = ref_repository(&t->target);

	if (f->tag)
		return xasprintf("%s:%s", repository, f->tag);
	return xasprintf("%s@%s", repository, f->digest.str);
}

/* A signature or SBOM is an entry of its own, which lives as long as its subject. */
static void merge_referrer(struct merge *m, const struct target *t,
			   const struct fetched_referrer *f)
{
	const char *name = strvec_add_owned(&m->texts, referrer_name(t, f));
	struct entry *e = index_find(&m->index, name);
	cleanup_free char *repository = ref_repository(&t->source);
	cleanup_free char *source = xasprintf("%s@%s", repository, f->digest.str);
	struct journal_line *j;
	struct err err;
	struct digest old = { "" };

	if (e && (digest_eq(&e->digest, &f->digest) || hold_covers(e, &f->digest)))
		return;
	if (targets_find(&m->run->outcome.targets, name))
		return; /* cosign's tag has a line of its own */
	if (e)
		old = e->digest;
	else
		e = index_add(&m->index, name);
	if (retag_move(&m->move, e, f->media_type, &f->digest, f->size, NULL, &err) < 0)
		return; /* the old digest cannot be kept under a longer name: no change */
	entry_set_annotation(e, ANNOTATION_SUBJECT, f->subject.str);
	entry_set_annotation(e, ANNOTATION_SOURCE, source);
	entry_set_annotation(e, ANNOTATION_SYNCED, m->now);
	j = add_journal_line(m, name, "referrer");
	j->old_digest = old.str[0] ? strvec_add(&m->texts, old.str) : NULL;
	j->new_digest = f->digest.str;
}

static void merge_referrers(struct merge *m, const struct target *t)
{
	for (size_t i = 0; i < t->referrers.n; i++)
		merge_referrer(m, t, &t->referrers.v[i]);
}

/* A tag is listed again, is gone upstream, or is back there. */
static void merge_presence(struct merge *m, const struct target *t, struct entry *e)
{
	enum upstream_answer upstream = target_row(t)->upstream;

	if (set_annotation(e, ANNOTATION_UNLISTED_SINCE, NULL))
		add_journal_line(m, t->name, "listed");
	if (upstream == UPSTREAM_LACKS && !entry_annotation(e, ANNOTATION_GONE_SINCE)) {
		entry_set_annotation(e, ANNOTATION_GONE_SINCE, m->now);
		add_journal_line(m, t->name, "gone");
	}
	if (upstream == UPSTREAM_HAS && set_annotation(e, ANNOTATION_GONE_SINCE, NULL))
		add_journal_line(m, t->name, "back");
}

/* An entry that came from another source, or that no list named, belongs to this line from now
 * on. */
static void adopt_entry(struct merge *m, const struct target *t, struct entry *e)
{
	struct journal_line *j = add_journal_line(m, t->name, "listed");

	j->new_digest = j->old_digest = t->base.str;
	set_origin(m, e, t, j);
	if (!entry_annotation(e, ANNOTATION_SYNCED))
		entry_set_annotation(e, ANNOTATION_SYNCED, m->now);
}

static void merge_target(struct merge *m, struct target *t)
{
	struct entry *e = index_find(&m->index, t->name);

	if (target_row(t)->is_moved) {
		retag_target(m, t, e);
		e = index_find(&m->index, t->name);
	}
	if (!e || entry_annotation(e, ANNOTATION_SNAPSHOT_OF))
		return;
	if (has_arrived(t, e)) {
		merge_referrers(m, t);
		if (!target_is_origin(t, e))
			adopt_entry(m, t, e);
	}
	merge_presence(m, t, e);
	if (set_retention(e, t))
		add_journal_line(m, t->name, "retention");
}

/* ---- entries that are on no list any more ---- */

/* Whether the listing of this entry's repository failed, so that its line may still choose the
 * entry. */
static bool is_listing_incomplete(const struct run *r, const char *ref)
{
	for (size_t i = 0; i < r->outcome.nlistings; i++) {
		cleanup_free char *repository =
			ref_repository(&r->outcome.listings[i].line->target);
		size_t n = strlen(repository);

		if (!r->outcome.listings[i].complete && strncmp(ref, repository, n) == 0 &&
		    ref[n] == ':')
			return true;
	}
	return false;
}

static void mark_unlisted(struct merge *m)
{
	struct run *r = m->run;

	if (r->options->npatterns || r->outcome.stopped)
		return;
	for (size_t i = 0; i < m->index.n; i++) {
		struct entry *e = m->index.v[i];

		if (!entry_annotation(e, ANNOTATION_LIST) ||
		    entry_annotation(e, ANNOTATION_SNAPSHOT_OF) ||
		    entry_annotation(e, ANNOTATION_UNLISTED_SINCE) ||
		    entry_annotation(e, ANNOTATION_SUBJECT) ||
		    targets_find(&r->outcome.targets, e->ref) || is_listing_incomplete(r, e->ref))
			continue;
		entry_set_annotation(e, ANNOTATION_UNLISTED_SINCE, m->now);
		add_journal_line(m, e->ref, "unlisted");
		if (!r->outcome.nunlisted++)
			r->outcome.unlisted = xstrdup(e->ref);
	}
}

/* ---- the generation ---- */

static int publish_index(struct merge *m, struct err *err)
{
	struct run *r = m->run;
	struct publication what = {
		.made_by = RETAG_BY_SYNC,
		.label = r->options->label,
		.commit = r->source->commit[0] ? r->source->commit : NULL,
	};
	struct journal_line *whole = add_journal_line(m, NULL, what.made_by);
	long n;

	/* the journal remembers labels longer than generations are kept */
	whole->detail = what.label;
	whole->commit = what.commit;
	what.lines = m->lines;
	what.nlines = m->nlines;

	/* rollback and undo name their snapshots by it */
	index_set_annotation(&m->index, ANNOTATION_SNAPSHOT_SUFFIX, r->options->suffix);
	n = generation_publish(&r->layout, &m->index, &what, err);
	if (n < 0)
		return -1;
	r->outcome.generation = n;
	r->outcome.published = true;
	return 0;
}

static int merge_targets(struct merge *m, struct err *err)
{
	struct run *r = m->run;

	if (generation_load(&r->layout, &m->index, err) < 0)
		return -1;
	r->outcome.generation = generation_number(&m->index);
	/* new tags first: a snapshot that is made afterwards does not take one of their names */
	for (size_t i = 0; i < r->outcome.targets.n; i++)
		if (r->outcome.targets.v[i]->state == STATE_NEW)
			merge_target(m, r->outcome.targets.v[i]);
	for (size_t i = 0; i < r->outcome.targets.n; i++)
		if (r->outcome.targets.v[i]->state != STATE_NEW)
			merge_target(m, r->outcome.targets.v[i]);
	mark_unlisted(m);
	return m->changed ? publish_index(m, err) : 0;
}

/* git blame reads the whole history of a file, so it is done before the lock and only for targets
 * that change. */
static void set_authors(const struct run *r)
{
	for (size_t i = 0; i < r->outcome.targets.n; i++) {
		struct target *t = r->outcome.targets.v[i];
		const char *author = NULL;

		const struct entry *e = index_find(&r->index, t->name);

		if (target_row(t)->is_moved ||
		    (target_row(t)->is_arrived && e && !target_is_origin(t, e)))
			author = list_source_author(r->source, t->line);
		t->author = author ? xstrdup(author) : NULL;
	}
}

int merge_publish(struct run *r, struct err *err)
{
	cleanup_by(merge_release) struct merge m = { .run = r, .index = INDEX_INIT };
	cleanup_fd int lock = -1;

	m.move = (struct retag){ .index = &m.index,
				 .suffix = r->options->suffix,
				 .when = r->outcome.started,
				 .by = RETAG_BY_SYNC };
	format_who(m.who);
	clock_rfc3339(clock_wall(), m.now);
	set_authors(r);
	m.index = r->index;
	r->index = (struct index)INDEX_INIT;
	if (layout_commit(&r->layout, err) < 0)
		return -1;
	lock = generation_lock(&r->layout, "mirror-sync", PUBLISH_WAIT, err);
	if (lock < 0)
		return -1;
	return merge_targets(&m, err);
}
