#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/base/printable.h"
#include "oci/base/unit.h"
#include "oci/cli/columns.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/store/banned.h"
#include "oci/store/generation.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "oci/store/marks.h"
#include "oci/store/sync_state.h"
#include "publish/mirror.h"
#include "publish/snapshots.h"
#include "publish/tag_match.h"
#include "publish/verb.h"
#include "publish/waiting.h"

struct status {
	const struct invocation *inv;
	const struct index *index;
	const struct sync_state *checked;
	const struct marks *marks;
	struct banned *banned; /* what is published, looked through for them */
	char **patterns;
	size_t npatterns;
	time_t now;
	size_t shown;
	struct columns table;
};

/* ---- as text ---- */

/* Adds a clause to the last column: `what`, a, b; "; " stands between clauses. */
static void add_clause(struct buf *out, const char *what, const char *a, const char *b)
{
	if (out->n)
		buf_adds(out, "; ");
	buf_addf(out, "%s%s%s", what, a, b);
}

static void add_since(struct buf *out, const char *what, const char *since)
{
	char day[FORMAT_DAY];

	if (!since)
		return;
	format_day(since, day);
	add_clause(out, what, " since ", day);
}

/* ", \"reason\" (who, day)", of what is known. */
static void add_words(struct buf *out, const char *reason, const char *who, const char *since)
{
	char day[FORMAT_DAY];

	format_day(since, day);
	if (reason[0])
		buf_addf(out, ", \"%s\"", reason);
	if (who[0])
		buf_addf(out, " (%s, %s)", who, day);
}

static void add_hold(const struct status *s, struct buf *out, const struct entry *e)
{
	cleanup_by(hold_release_words) struct hold_words words = { .reason = NULL };
	const struct mark *kept = marks_kept_back(s->marks, s->index, e);
	char digest[FORMAT_DIGEST];

	if (hold_is_frozen(e)) {
		hold_read_words(e, &words);
		add_clause(out, "held: frozen", "", "");
		add_words(out, words.reason, words.who, words.since);
	} else if (kept) {
		format_digest(kept->digest.str, digest);
		add_clause(out, "held: kept back from ", digest, "");
		add_words(out, kept->reason, kept->who, kept->since);
	}
}

/* How many digests are bad for the tag, besides the one that add_hold() tells. */
static void add_bad(const struct status *s, struct buf *out, const struct entry *e)
{
	bool told = !hold_is_frozen(e) && marks_kept_back(s->marks, s->index, e);
	size_t n;

	marks_of(s->marks, e->ref, &n);
	if (n > told)
		buf_addf(out, "%s%zu %sbad", out->n ? "; " : "", n - told, told ? "more " : "");
}

/* The mark on the content of an entry, or on something in it: its own, or that of the tag that it
 * is a snapshot of. */
static const struct mark *mark_on(const struct status *s, const struct entry *e)
{
	const char *of = entry_annotation(e, ANNOTATION_SNAPSHOT_OF);
	const struct mark *banned = banned_in(s->banned, &e->digest);

	return banned ? banned : marks_bad(s->marks, of ? of : e->ref, &e->digest);
}

static void add_mark(const struct status *s, struct buf *out, const struct entry *e)
{
	const struct mark *k = mark_on(s, e);
	char part[FORMAT_DIGEST];

	if (!k)
		return;
	add_clause(out, k->ref ? "bad: " : "banned: ", "by ", mark_by_word(k->by));
	if (!digest_eq(&k->digest, &e->digest)) {
		format_digest(k->digest.str, part);
		buf_addf(out, " of %s in it", part);
	}
	add_words(out, k->reason, k->who, k->since);
}

static void add_snapshot(struct buf *out, const struct entry *e)
{
	const char *by = entry_annotation(e, ANNOTATION_SNAPSHOT_BY);
	char day[FORMAT_DAY];

	if (!entry_annotation(e, ANNOTATION_SNAPSHOT_OF))
		return;
	format_day(entry_annotation(e, ANNOTATION_SNAPSHOT_AT), day);
	add_clause(out, "replaced ", day, "");
	if (by)
		buf_addf(out, " by %s", by);
}

/* ---- max-age= ---- */

static time_t last_check(const struct status *s, const struct entry *e)
{
	return sync_state_last(sync_state_at(s->checked, e->ref), e, s->now);
}

static bool is_stale(const struct status *s, const struct entry *e)
{
	return !entry_annotation(e, ANNOTATION_SNAPSHOT_OF) &&
	       sync_state_is_stale(last_check(s, e), sync_state_max_age(s->checked, e->ref),
				   s->now);
}

static void add_stale(const struct status *s, struct buf *out, const struct entry *e)
{
	cleanup_free char *max = unit_duration_text(sync_state_max_age(s->checked, e->ref));
	char at[CLOCK_RFC3339], age[FORMAT_AGE];

	clock_rfc3339(last_check(s, e), at);
	format_age(at, s->now, age);
	add_clause(out, "not checked with success for ", age, "");
	buf_addf(out, " (max-age %s)", max);
}

static void add_row(struct status *s, const struct entry *e, size_t snapshots)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_INDEX_ENTRY);
	const struct sync_row *waits = waiting_of(s->checked, e);
	bool stale = is_stale(s, e);
	bool worse = stale || entry_annotation(e, ANNOTATION_GONE_SINCE) || mark_on(s, e);
	char digest[FORMAT_DIGEST], age[FORMAT_AGE];

	add_hold(s, &words, e);
	add_bad(s, &words, e);
	if (waits)
		waiting_describe(&words, waits);
	if (stale)
		add_stale(s, &words, e);
	add_since(&words, "gone", entry_annotation(e, ANNOTATION_GONE_SINCE));
	add_since(&words, "unlisted", entry_annotation(e, ANNOTATION_UNLISTED_SINCE));
	add_snapshot(&words, e);
	add_mark(s, &words, e);
	if (entry_annotation(e, ANNOTATION_SUBJECT))
		add_clause(&words, "refers to ", entry_annotation(e, ANNOTATION_SUBJECT), "");
	format_digest(e->digest.str, digest);
	format_age(entry_annotation(e, ANNOTATION_SYNCED), s->now, age);
	columns_add(&s->table, INK_PLAIN, "%s", e->ref);
	columns_add(&s->table, INK_DIM, "%s", s->inv->full ? e->digest.str : digest);
	columns_add(&s->table, INK_PLAIN, "%s", age);
	if (snapshots)
		columns_add(&s->table, INK_PLAIN, "%zu", snapshots);
	else
		columns_add(&s->table, INK_DIM, "-");
	columns_add(&s->table, worse ? INK_BAD : INK_WARN, "%s", words.p);
	columns_end(&s->table);
}

/* ---- as JSON ---- */

static json_t *mark_json(const struct mark *k, const char *mode)
{
	json_t *o = json_object();

	if (mode)
		json_set_text(o, "mode", mode);
	json_set_text(o, "digest", k->digest.str);
	json_set_text(o, "by", mark_by_word(k->by));
	json_set_text(o, "reason", k->reason);
	json_set_text(o, "who", k->who);
	json_set_text(o, "since", k->since);
	return o;
}

/* What keeps the tag from moving, or null: a freeze, or what it is kept back from. */
static json_t *hold_json(const struct status *s, const struct entry *e)
{
	cleanup_by(hold_release_words) struct hold_words words = { .reason = NULL };
	const struct mark *kept = marks_kept_back(s->marks, s->index, e);

	if (hold_is_frozen(e)) {
		hold_read_words(e, &words);
		return json_pack("{s:s, s:s, s:s, s:s}", "mode", "frozen", "reason", words.reason,
				 "who", words.who, "since", words.since);
	}
	return kept ? mark_json(kept, "kept back") : json_null();
}

/* All digests that are bad for the tag. */
static json_t *bad_json(const struct status *s, const struct entry *e)
{
	json_t *list = json_array();
	size_t n;
	const struct mark *v = marks_of(s->marks, e->ref, &n);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, mark_json(&v[i], NULL));
	return list;
}

/* What is banned and in it, or null. */
static json_t *banned_json(const struct status *s, const struct entry *e)
{
	const struct mark *k = banned_in(s->banned, &e->digest);

	return k ? mark_json(k, NULL) : json_null();
}

static json_t *content_json(const struct entry *e)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:I}", "ref", e->ref, "digest", e->digest.str,
			      "media_type", e->media_type, "size", (json_int_t)e->size);

	json_set_text(o, "source", entry_annotation(e, ANNOTATION_SOURCE));
	json_set_text(o, "synced", entry_annotation(e, ANNOTATION_SYNCED));
	json_set_text(o, "list", entry_annotation(e, ANNOTATION_LIST));
	json_set_text(o, "author", entry_annotation(e, ANNOTATION_AUTHOR));
	json_set_text(o, "platform", entry_annotation(e, ANNOTATION_PLATFORM));
	return o;
}

static json_t *snapshot_json(const struct status *s, const struct entry *e)
{
	const struct mark *k = mark_on(s, e);
	json_t *o = content_json(e);

	json_set_text(o, "snapshot_of", entry_annotation(e, ANNOTATION_SNAPSHOT_OF));
	json_set_text(o, "replaced", entry_annotation(e, ANNOTATION_SNAPSHOT_AT));
	json_set_text(o, "by", entry_annotation(e, ANNOTATION_SNAPSHOT_BY));
	json_object_set_new(o, "banned", banned_json(s, e));
	json_set_text(o, "bad", !k ? NULL : k->reason[0] ? k->reason : mark_by_word(k->by));
	return o;
}

static void set_checked(json_t *to, const struct status *s, const struct entry *e)
{
	time_t last = last_check(s, e);
	long seconds = sync_state_max_age(s->checked, e->ref);
	cleanup_free char *max_age = seconds < 0 ? NULL : unit_duration_text(seconds);
	char at[CLOCK_RFC3339];

	clock_rfc3339(last, at);
	json_set_text(to, "checked", last ? at : NULL);
	json_set_text(to, "max_age", max_age);
	json_object_set_new(to, "stale", json_boolean(is_stale(s, e)));
}

static json_t *entry_json(const struct status *s, const struct entry *e,
			  struct entry *const *snapshots, size_t n)
{
	json_t *o, *list;

	if (entry_annotation(e, ANNOTATION_SNAPSHOT_OF))
		return snapshot_json(s, e);
	o = content_json(e);
	list = json_array();
	set_checked(o, s, e);
	json_set_text(o, "keep", entry_annotation(e, ANNOTATION_KEEP));
	json_set_text(o, "keep_for", entry_annotation(e, ANNOTATION_KEEP_FOR));
	json_set_text(o, "gone_since", entry_annotation(e, ANNOTATION_GONE_SINCE));
	json_set_text(o, "unlisted_since", entry_annotation(e, ANNOTATION_UNLISTED_SINCE));
	json_set_text(o, "subject", entry_annotation(e, ANNOTATION_SUBJECT));
	json_object_set_new(o, "held", hold_json(s, e));
	json_object_set_new(o, "bad", bad_json(s, e));
	json_object_set_new(o, "banned", banned_json(s, e));
	json_object_set_new(o, "waiting", waiting_json(waiting_of(s->checked, e)));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, snapshot_json(s, snapshots[i]));
	json_object_set_new(o, "snapshots", list);
	return o;
}

/* One image a line: two reports can be compared with diff, and no report is held in memory. */
static void print_json(struct status *s, const struct entry *e, struct entry *const *snapshots,
		       size_t n)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX);
	cleanup_json json_t *o = entry_json(s, e, snapshots, n);

	json_write(&text, o);
	printf("%s%s", s->shown ? ",\n" : "\n", text.p);
}

/* ---- which entries are shown ---- */

static void show_entry(struct status *s, const struct entry *e)
{
	cleanup_free struct entry **snapshots = NULL;
	size_t n = tag_match_is_tag(e) ? snapshots_of(s->index, e->ref, &snapshots) : 0;

	if (s->inv->json) {
		print_json(s, e, snapshots, n);
	} else {
		add_row(s, e, n);
		for (size_t i = 0; s->npatterns && i < n; i++)
			add_row(s, snapshots[i], 0);
	}
	s->shown++;
}

/* A snapshot is shown with its tag; alone when a pattern matches the snapshot and not the tag. */
static bool is_shown(const struct status *s, const struct entry *e)
{
	const char *of = entry_annotation(e, ANNOTATION_SNAPSHOT_OF);
	const struct entry *tag = of ? index_find(s->index, of) : NULL;

	if (!s->npatterns)
		return !tag && !entry_annotation(e, ANNOTATION_SUBJECT);
	return tag_match_matches(e, s->patterns, s->npatterns) &&
	       !(tag && tag_match_matches(tag, s->patterns, s->npatterns));
}

/* ---- all of it ---- */

static void print_head_json(const struct index *x)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX_ENTRY);
	cleanup_json json_t *o = json_pack("{s:I}", "generation", (json_int_t)generation_number(x));

	json_set_text(o, "created", index_annotation(x, ANNOTATION_CREATED));
	json_set_text(o, "made_by", index_annotation(x, ANNOTATION_MADE_BY));
	json_set_text(o, "label", index_annotation(x, ANNOTATION_LABEL));
	json_set_text(o, "commit", index_annotation(x, ANNOTATION_LIST_COMMIT));
	json_write(&text, o);
	/* the list of images goes before the last brace */
	printf("%.*s,\"images\":[", (int)text.n - 1, text.p);
}

/* For a terminal, or when asked for: a pipe gets rows and nothing else. */
static void print_head_text(struct status *s)
{
	static const char *const titles[] = { "REFERENCE", "DIGEST", "AGE",
					      "SNAPSHOTS", "STATE",  NULL };
	cleanup_by(buf_release) struct buf head = BUF_INIT(LIMIT_INDEX_ENTRY);
	const char *at = index_annotation(s->index, ANNOTATION_CREATED),
		   *by = index_annotation(s->index, ANNOTATION_MADE_BY);
	const char *label = index_annotation(s->index, ANNOTATION_LABEL);

	if (s->inv->titles && !s->inv->terminal)
		columns_titles(&s->table, titles);
	if (!s->inv->terminal)
		return;
	buf_addf(&head, "generation %ld", generation_number(s->index));
	if (at)
		buf_addf(&head, " of %s", at);
	if (by)
		buf_addf(&head, ", by %s", by);
	if (label)
		buf_addf(&head, ", \"%s\"", label);
	printf("%s\n\n", printable_clean(head.p));
	columns_titles(&s->table, titles);
}

/* A reference that is not published yet. */
static void print_new(struct status *s, const struct sync_row *row, bool first)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_INDEX_ENTRY);
	cleanup_json json_t *o = NULL;

	if (s->inv->json) {
		o = waiting_json(row);
		json_set_text(o, "ref", row->ref);
		json_write(&words, o);
		printf("%s%s", first ? "\n" : ",\n", words.p);
		return;
	}
	waiting_describe(&words, row);
	columns_add(&s->table, INK_PLAIN, "%s", row->ref);
	for (int column = 0; column < 3; column++)
		columns_add(&s->table, INK_DIM, "-");
	columns_add(&s->table, INK_WARN, "new, %s", words.p);
	columns_end(&s->table);
}

static size_t show_new(struct status *s)
{
	cleanup_free const struct sync_row **rows = NULL;
	size_t n = waiting_new(s->checked, s->index, &rows), shown = 0;

	for (size_t i = 0; i < n; i++)
		if (tag_match_matches_ref(rows[i]->ref, s->patterns, s->npatterns))
			print_new(s, rows[i], !shown++);
	return shown;
}

static int show_entries(struct status *s)
{
	size_t shown;

	if (s->inv->json)
		print_head_json(s->index);
	else
		print_head_text(s);
	for (size_t i = 0; i < s->index->n; i++)
		if (is_shown(s, s->index->v[i]))
			show_entry(s, s->index->v[i]);
	if (s->inv->json)
		fputs(s->shown ? "\n],\"waiting\":[" : "],\"waiting\":[", stdout);
	shown = show_new(s);
	if (s->inv->json)
		puts(shown ? "\n]}" : "]}");
	else
		columns_print(&s->table, stdout, s->inv->color);
	columns_release(&s->table);
	if (s->shown || shown || !s->npatterns)
		return EXIT_OK;
	message_line("nothing in this mirror matches");
	return EXIT_PART;
}

static int status_run(const struct invocation *inv, const void *options, char **patterns, size_t n,
		      struct err *err)
{
	cleanup_by(mirror_release) struct mirror m = MIRROR_INIT;
	cleanup_by(sync_state_release) struct sync_state checked = SYNC_STATE_INIT;
	cleanup_by(marks_release) struct marks marks = MARKS_INIT;
	cleanup_by(banned_release) struct banned banned = banned_init(&m.layout, &marks);
	struct err why;
	int shown;
	struct status s = {
		.inv = inv,
		.index = &m.index,
		.checked = &checked,
		.marks = &marks,
		.banned = &banned,
		.patterns = patterns,
		.npatterns = n,
		.now = clock_wall(),
	};

	(void)options;
	if (tag_match_check(patterns, n, err) < 0 || mirror_read(&m, inv->mirror, err) < 0)
		return -1;
	if (marks_load(&marks, &m.index, err) < 0)
		return err_wrap(err, "%s/index.json", inv->mirror);
	if (sync_state_load(&checked, &m.layout, &why) < 0)
		message_warn("%s; no reference is shown as stale", why.msg);
	shown = show_entries(&s);
	return mirror_tell_doubt(&m) ? EXIT_PART : shown;
}

const struct verb verb_status = {
	.name = "status",
	.words = "[PATTERN...]",
	.summary = "what is published: digests, snapshots, holds",
	.text = "Prints one reference a line: its digest, how long ago that arrived, how many "
		"snapshots it has, and whether it is held, waiting for its min-age, gone, "
		"unlisted, or past its max-age. A tag that waits and was never published has a "
		"row of its own. "
		"With PATTERNs, prints only references that match one, each with its snapshots, "
		"the newest first.",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish status", NULL },
			{ "mirror-publish status alpine:3.19 'quay.io/*'", NULL },
			{ NULL, NULL },
		},
	.statuses =
		(const struct exit_status_row[]){
			{ EXIT_PART, NULL,
			  "nothing matches, or index.json is not the newest generation" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON | VERB_TITLES | VERB_LONG,
	.run = status_run,
};
