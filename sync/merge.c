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
#include "oci/cli/message.h"
#include "oci/lists/lists.h"
#include "oci/store/generation.h"
#include "oci/store/hold.h"
#include "oci/store/journal.h"
#include "oci/store/marks.h"
#include "oci/store/retag.h"
#include "sync/asked_by.h"
#include "sync/kept_back.h"
#include "sync/run.h"
#include "sync/unlist.h"

struct merge {
	struct run *run;
	struct index index; /* as published now, being changed */
	struct marks marks; /* of it */
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
	marks_release(&m->marks);
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

/* The same, or that all of it is there though upstream has something else. */
static bool is_whole(const struct target *t, const struct entry *e)
{
	return has_arrived(t, e) || (t->base_whole && digest_eq(&e->digest, &t->base));
}

/* keep=, keep-for=, owner=, reason= and, when the image has arrived, platform= of the line. */
static bool set_retention(struct entry *e, const struct target *t)
{
	const struct image_options *o = &t->o;
	cleanup_free char *count = o->keep >= 0 ? xasprintf("%ld", o->keep) : NULL;
	cleanup_free char *age = o->keep_for >= 0 ? unit_duration_text(o->keep_for) : NULL;
	bool changed = set_annotation(e, ANNOTATION_KEEP, count);

	changed |= set_annotation(e, ANNOTATION_KEEP_FOR, age);
	changed |= set_annotation(e, ANNOTATION_OWNER, o->owner);
	changed |= set_annotation(e, ANNOTATION_REASON, o->reason);
	if (is_whole(t, e))
		changed |= set_annotation(e, ANNOTATION_PLATFORM, o->platform);
	return changed;
}

/* The upstream that the content came from, the lines that ask for it and their authors. */
static void set_origin(struct merge *m, struct entry *e, const struct target *t,
		       struct journal_line *j)
{
	struct list_source *s = m->run->source;
	cleanup_free char *repository = ref_repository(t->source);
	cleanup_free char *source = xasprintf("%s@%s", repository, t->found.str);
	cleanup_free char *places = asked_by_places(s, t);

	j->list = strvec_add_owned(&m->texts, asked_by_lines(t));
	j->commit = s->commit[0] ? s->commit : NULL;
	if (t->author)
		j->who = t->author;
	entry_set_annotation(e, ANNOTATION_SOURCE, source);
	entry_set_annotation(e, ANNOTATION_LIST, places);
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

/* A tag that was kept back since a rollback or an undo moves again. */
static void end_hold(struct merge *m, const struct target *t, const struct entry *e)
{
	const struct mark *k = marks_kept_back(&m->marks, &m->index, e);
	struct journal_line *j;

	if (!k)
		return;
	j = add_journal_line(m, t->name, "release");
	j->old_digest = j->new_digest = t->base.str;
	j->detail = strvec_addf(&m->texts, "upstream has other content than %s, which stays bad",
				k->digest.str);
}

static void add_snapshot_line(struct merge *m, const struct entry *snapshot, const char *of,
			      const char *digest)
{
	struct journal_line *j = add_journal_line(m, snapshot->ref, "snapshot");

	j->new_digest = digest;
	j->detail = of;
}

/* The tag moves or appears; the digest that it had is kept as a snapshot. */
static void retag_target(struct merge *m, struct target *t, struct entry *e)
{
	struct entry *snapshot = NULL;
	struct journal_line *j;
	struct err err;
	bool is_new = e == NULL;
	const struct mark *k;
	size_t before;

	if (is_changed_meanwhile(t, e) || kept_back_by(t, e, &m->marks, &k)) {
		t->state = STATE_HELD;
		target_set_error(t, "changed by an operator during this run; left as it is");
		return;
	}
	if (is_new)
		e = index_add(&m->index, t->name);
	else
		end_hold(m, t, e);
	before = m->index.n;
	if (retag_move(&m->move, e, t->media_type, &t->found, t->size, &snapshot, &err) < 0) {
		err_wrap(&err, "what it means now cannot be kept, so it stays");
		target_fail(t, &err);
		return;
	}
	if (snapshot)
		t->snapshot = xstrdup(strrchr(snapshot->ref, ':') + 1);
	if (m->index.n > before)
		add_snapshot_line(m, snapshot, t->name, t->base.str);
	/* the line's author did not decide that */
	if (t->wait.is_skipped)
		add_journal_line(m, t->name, "skip-min-age");
	j = add_journal_line(m, t->name, RETAG_BY_SYNC);
	j->old_digest = is_new ? NULL : t->base.str;
	j->new_digest = t->found.str;
	j->detail = t->snapshot;
	set_origin(m, e, t, j);
	entry_set_annotation(e, ANNOTATION_SYNCED, m->now);
	/* a first content has no earlier one to be older or newer than */
	entry_set_annotation(e, ANNOTATION_SYNCED_IN,
			     is_new ? NULL
				    : strvec_addf(&m->texts, "%lld", retag_generation(&m->index)));
	set_retention(e, t);
}

/* ---- referrers ---- */

static char *referrer_name(const struct target *t, const struct fetched_referrer *f)
{
	cleanup_free char *repository = ref_repository(t->target);

	if (f->tag)
		return xasprintf("%s:%s", repository, f->tag);
	return xasprintf("%s@%s", repository, f->digest.str);
}

/* A signature or SBOM is an entry of its own, which lives as long as its subject. */
static void merge_referrer(struct merge *m, struct target *t, const struct fetched_referrer *f)
{
	const char *name = strvec_add_owned(&m->texts, referrer_name(t, f));
	struct entry *e = index_find(&m->index, name);
	cleanup_free char *repository = ref_repository(t->source);
	cleanup_free char *source = xasprintf("%s@%s", repository, f->digest.str);
	struct entry *snapshot = NULL;
	struct journal_line *j;
	struct err err;
	struct digest old = { "" };
	size_t before;

	if (e && (digest_eq(&e->digest, &f->digest) || hold_is_frozen(e)))
		return;
	if (targets_find(&m->run->outcome.targets, name))
		return; /* cosign's tag has a line of its own */
	if (e)
		old = e->digest;
	else
		e = index_add(&m->index, name);
	before = m->index.n;
	if (retag_move(&m->move, e, f->media_type, &f->digest, f->size, &snapshot, &err) < 0)
		return; /* the old digest cannot be kept under a longer name: no change */
	if (m->index.n > before)
		add_snapshot_line(m, snapshot, name, strvec_add(&m->texts, old.str));
	entry_set_annotation(e, ANNOTATION_SUBJECT, f->subject.str);
	entry_set_annotation(e, ANNOTATION_SOURCE, source);
	entry_set_annotation(e, ANNOTATION_SYNCED, m->now);
	t->referrers.came[f->kind]++;
	j = add_journal_line(m, name, "referrer");
	j->old_digest = old.str[0] ? strvec_add(&m->texts, old.str) : NULL;
	j->new_digest = f->digest.str;
}

static void merge_referrers(struct merge *m, struct target *t)
{
	const struct referrers *rs = referrers_of(t);

	for (size_t i = 0; i < rs->n; i++)
		merge_referrer(m, t, &rs->v[i]);
}

/* A tag is listed again, is gone upstream, or is back there. */
static void merge_presence(struct merge *m, const struct target *t, struct entry *e)
{
	enum upstream_answer upstream = t->unasked ? UPSTREAM_UNKNOWN : target_row(t)->upstream;

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

/* Another line asks for an image that is there, or one of several does no more. */
static void record_lines(struct merge *m, const struct target *t, struct entry *e)
{
	cleanup_free char *places = asked_by_places(m->run->source, t);
	struct journal_line *j = add_journal_line(m, t->name, "listed");

	j->old_digest = j->new_digest = t->base.str;
	j->list = strvec_add_owned(&m->texts, asked_by_lines(t));
	if (t->author)
		j->who = t->author;
	entry_set_annotation(e, ANNOTATION_LIST, places);
	entry_set_annotation(e, ANNOTATION_AUTHOR, t->author);
}

/* A line that names a snapshot has brought platforms that it did not have. */
static void widen_snapshot(struct merge *m, const struct target *t, struct entry *e)
{
	const char *has = entry_annotation(e, ANNOTATION_PLATFORM);
	cleanup_free char *all = NULL;

	if (!has || !t->o.platform || !has_arrived(t, e))
		return;
	all = retag_unite_platforms(has, t->o.platform);
	if (set_annotation(e, ANNOTATION_PLATFORM, all))
		add_journal_line(m, t->name, "retention");
}

static void merge_target(struct merge *m, struct target *t)
{
	struct entry *e = index_find(&m->index, t->name);

	if (target_row(t)->is_moved) {
		retag_target(m, t, e);
		e = index_find(&m->index, t->name);
	}
	if (e && entry_annotation(e, ANNOTATION_SNAPSHOT_OF))
		widen_snapshot(m, t, e);
	if (!e || entry_annotation(e, ANNOTATION_SNAPSHOT_OF))
		return;
	if (has_arrived(t, e)) {
		merge_referrers(m, t);
		if (!target_is_origin(t, e))
			adopt_entry(m, t, e);
	}
	merge_presence(m, t, e);
	if (t->contradicts)
		return;
	if (target_is_origin(t, e) && !asked_by_is_recorded(e, t))
		record_lines(m, t, e);
	if (set_retention(e, t))
		add_journal_line(m, t->name, "retention");
}

/* ---- entries that are on no list any more ---- */

static void mark_unlisted(void *arg, struct entry *e)
{
	struct merge *m = arg;

	entry_set_annotation(e, ANNOTATION_UNLISTED_SINCE, m->now);
	add_journal_line(m, e->ref, "unlisted");
}

/* ---- private= ---- */

/* The repository of an entry's name; "" when it has none. */
static char *repository_of(const char *ref)
{
	const char *slash = strrchr(ref, '/'), *at = strchr(ref, '@');
	const char *colon = strchr(slash ? slash : ref, ':');
	const char *end = at ? at : colon;

	return slash && end ? xstrndup(ref, (size_t)(end - ref)) : xstrdup("");
}

/* Every entry of a repository is whose the lists of today say: tags, snapshots, referrers, and what
 * is unlisted. Where they say nothing any more it stays as it is, so that a private image does not
 * become public when its line goes. */
static void mark_private(struct merge *m)
{
	for (size_t i = 0; i < m->index.n; i++) {
		struct entry *e = m->index.v[i];
		cleanup_free char *repository = repository_of(e->ref);
		const char *group;

		if (!*repository || !lists_private(m->run->source->lists, repository, &group) ||
		    !set_annotation(e, ANNOTATION_PRIVATE, group))
			continue;
		add_journal_line(m, e->ref, "private")->detail = group;
	}
}

/* ---- privacy ---- */

/* What earlier runs wrote of authors is cut to what `privacy authors=` lets the index say today,
 * also where no tag moves. */
static void cut_authors(struct merge *m)
{
	const struct mirror_conf *conf = &m->run->source->lists->conf;

	for (size_t i = 0; i < m->index.n; i++) {
		struct entry *e = m->index.v[i];
		const char *authors = entry_annotation(e, ANNOTATION_AUTHOR);
		cleanup_free char *allowed = authors ? mirror_conf_author(conf, authors) : NULL;

		m->changed |= set_annotation(e, ANNOTATION_AUTHOR, allowed);
	}
}

/* ---- the generation ---- */

static int publish_index(struct merge *m, struct err *err)
{
	struct run *r = m->run;
	struct err no_table = ERR_INIT;
	struct publication what = {
		.made_by = RETAG_BY_SYNC,
		.no_table = &no_table,
		.label = r->options->label,
		.commit = r->source->commit[0] ? r->source->commit : NULL,
		.who = m->who,
		.started = r->outcome.started,
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
	marks_save(&m->marks, &m->index);
	n = generation_publish(&r->layout, &m->index, &what, err);
	if (n < 0)
		return -1;
	if (no_table.kind != ERR_NONE)
		message_warn("generation %ld has no table for mirror-serve, whose start and reload "
			     "take longer without: %s",
			     n, no_table.msg);
	r->outcome.generation = n;
	r->outcome.published = true;
	return 0;
}

static int merge_targets(struct merge *m, struct err *err)
{
	struct run *r = m->run;

	if (generation_load(&r->layout, &m->index, err) < 0)
		return -1;
	if (marks_load(&m->marks, &m->index, err) < 0)
		return -1;
	m->changed |= denied_mark(r, &m->marks);
	r->outcome.generation = generation_number(&m->index);
	/* new tags first: a snapshot that is made afterwards does not take one of their names */
	for (size_t i = 0; i < r->outcome.targets.n; i++)
		if (r->outcome.targets.v[i]->state == STATE_NEW)
			merge_target(m, r->outcome.targets.v[i]);
	for (size_t i = 0; i < r->outcome.targets.n; i++)
		if (r->outcome.targets.v[i]->state != STATE_NEW)
			merge_target(m, r->outcome.targets.v[i]);
	unlist_find(r, &m->index, mark_unlisted, m);
	mark_private(m);
	cut_authors(m);
	return m->changed ? publish_index(m, err) : 0;
}

/* git blame reads the whole history of a file, so it is done before the lock and only for targets
 * that change. */
static void set_authors(const struct run *r)
{
	for (size_t i = 0; i < r->outcome.targets.n; i++) {
		struct target *t = r->outcome.targets.v[i];
		const struct entry *e = index_find(&r->index, t->name);

		if (target_row(t)->is_moved ||
		    (e && (!target_is_origin(t, e) || !asked_by_is_recorded(e, t))))
			t->author = asked_by_authors(r->source, t);
	}
}

int merge_publish(struct run *r, struct err *err)
{
	cleanup_by(merge_release) struct merge m = { .run = r, .index = INDEX_INIT };
	cleanup_fd int lock = -1;
	int result;

	m.move = (struct retag){ .index = &m.index,
				 .suffix = r->options->suffix,
				 .when = r->outcome.started,
				 .by = RETAG_BY_SYNC,
				 .reserved = &r->reserved };
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
	result = merge_targets(&m, err);
	cleanup_fd_(&lock);
	if (r->outcome.published)
		generation_thin(&r->layout, r->outcome.generation);
	return result;
}
