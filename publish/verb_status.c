#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/base/unit.h"
#include "oci/cli/columns.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/store/generation.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "oci/store/sync_state.h"
#include "publish/mirror.h"
#include "publish/snapshots.h"
#include "publish/tag_match.h"
#include "publish/verb.h"

struct status {
	const struct invocation *inv;
	const struct index *index;
	const struct sync_state *checked;
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

static void add_hold(struct buf *out, const struct entry *e)
{
	char reason[LIMIT_REASON + 1], who[160], since[40], day[FORMAT_DAY];
	struct digest blocked[HOLD_DIGESTS];
	size_t n = hold_digests(e, blocked);
	char digest[FORMAT_DIGEST];

	if (hold_mode_of(e) == HOLD_NONE)
		return;
	hold_describe(e, reason, sizeof(reason), who, sizeof(who), since, sizeof(since));
	format_day(since, day);
	format_digest(n ? blocked[0].str : NULL, digest);
	if (hold_mode_of(e) == HOLD_FROZEN)
		add_clause(out, "held: frozen", "", "");
	else
		add_clause(out, "held: blocked ", digest, "");
	if (reason[0])
		buf_addf(out, ", \"%s\"", reason);
	if (who[0])
		buf_addf(out, " (%s, %s)", who, day);
}

static void add_snapshot(struct buf *out, const struct entry *e)
{
	const char *by = entry_annotation(e, ANNOTATION_SNAPSHOT_BY),
		   *bad = entry_annotation(e, ANNOTATION_BAD);
	char day[FORMAT_DAY];

	if (!entry_annotation(e, ANNOTATION_SNAPSHOT_OF))
		return;
	format_day(entry_annotation(e, ANNOTATION_SNAPSHOT_AT), day);
	add_clause(out, "replaced ", day, "");
	if (by)
		buf_addf(out, " by %s", by);
	if (bad)
		add_clause(out, "bad: ", bad, "");
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
	bool stale = is_stale(s, e);
	bool worse = stale || entry_annotation(e, ANNOTATION_GONE_SINCE) ||
		     entry_annotation(e, ANNOTATION_BAD);
	char digest[FORMAT_DIGEST], age[FORMAT_AGE];

	add_hold(&words, e);
	if (stale)
		add_stale(s, &words, e);
	add_since(&words, "gone", entry_annotation(e, ANNOTATION_GONE_SINCE));
	add_since(&words, "unlisted", entry_annotation(e, ANNOTATION_UNLISTED_SINCE));
	add_snapshot(&words, e);
	if (entry_annotation(e, ANNOTATION_SUBJECT))
		add_clause(&words, "refers to ", entry_annotation(e, ANNOTATION_SUBJECT), "");
	format_digest(e->digest.str, digest);
	format_age(entry_annotation(e, ANNOTATION_SYNCED), s->now, age);
	columns_add(&s->table, INK_PLAIN, "%s", e->ref);
	columns_add(&s->table, INK_DIM, "%s", digest);
	columns_add(&s->table, INK_PLAIN, "%s", age);
	if (snapshots)
		columns_add(&s->table, INK_PLAIN, "%zu", snapshots);
	else
		columns_add(&s->table, INK_DIM, "-");
	columns_add(&s->table, worse ? INK_BAD : INK_WARN, "%s", words.p);
	columns_end(&s->table);
}

/* ---- as JSON ---- */

/* The hold as it is in the index, or null; a hold that cannot be read is "frozen". */
static json_t *hold_json(const struct entry *e)
{
	const char *text = entry_annotation(e, ANNOTATION_HELD);
	cleanup_json json_t *hold = NULL;
	struct err ignored;

	if (!text)
		return json_null();
	hold = json_read(span_str(text), &ignored);
	return json_is_object(hold) ? take(hold) : json_pack("{s:s}", "mode", "frozen");
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

static json_t *snapshot_json(const struct entry *e)
{
	json_t *o = content_json(e);

	json_set_text(o, "snapshot_of", entry_annotation(e, ANNOTATION_SNAPSHOT_OF));
	json_set_text(o, "replaced", entry_annotation(e, ANNOTATION_SNAPSHOT_AT));
	json_set_text(o, "by", entry_annotation(e, ANNOTATION_SNAPSHOT_BY));
	json_set_text(o, "bad", entry_annotation(e, ANNOTATION_BAD));
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
		return snapshot_json(e);
	o = content_json(e);
	list = json_array();
	set_checked(o, s, e);
	json_set_text(o, "keep", entry_annotation(e, ANNOTATION_KEEP));
	json_set_text(o, "keep_for", entry_annotation(e, ANNOTATION_KEEP_FOR));
	json_set_text(o, "gone_since", entry_annotation(e, ANNOTATION_GONE_SINCE));
	json_set_text(o, "unlisted_since", entry_annotation(e, ANNOTATION_UNLISTED_SINCE));
	json_set_text(o, "subject", entry_annotation(e, ANNOTATION_SUBJECT));
	json_object_set_new(o, "held", hold_json(e));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, snapshot_json(snapshots[i]));
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

/* Only for a terminal: a pipe gets rows and nothing else. */
static void print_head_text(struct status *s)
{
	static const char *const titles[] = { "REFERENCE", "DIGEST", "AGE",
					      "SNAPSHOTS", "STATE",  NULL };
	const char *at = index_annotation(s->index, ANNOTATION_CREATED),
		   *by = index_annotation(s->index, ANNOTATION_MADE_BY);
	const char *label = index_annotation(s->index, ANNOTATION_LABEL);

	if (!s->inv->terminal)
		return;
	printf("generation %ld", generation_number(s->index));
	if (at)
		printf(" of %s", at);
	if (by)
		printf(", by %s", by);
	if (label)
		printf(", \"%s\"", label);
	fputs("\n\n", stdout);
	columns_titles(&s->table, titles);
}

static int show_entries(struct status *s)
{
	if (s->inv->json)
		print_head_json(s->index);
	else
		print_head_text(s);
	for (size_t i = 0; i < s->index->n; i++)
		if (is_shown(s, s->index->v[i]))
			show_entry(s, s->index->v[i]);
	if (s->inv->json)
		puts(s->shown ? "\n]}" : "]}");
	else
		columns_print(&s->table, stdout, s->inv->color);
	columns_release(&s->table);
	if (s->shown || !s->npatterns)
		return EXIT_OK;
	message_line("nothing in this mirror matches");
	return EXIT_PART;
}

static int status_run(const struct invocation *inv, const void *options, char **patterns, size_t n,
		      struct err *err)
{
	cleanup_by(mirror_release) struct mirror m = MIRROR_INIT;
	cleanup_by(sync_state_release) struct sync_state checked = SYNC_STATE_INIT;
	struct status s = {
		.inv = inv,
		.index = &m.index,
		.checked = &checked,
		.patterns = patterns,
		.npatterns = n,
		.now = clock_wall(),
	};

	(void)options;
	if (tag_match_check(patterns, n, err) < 0 || mirror_read(&m, inv->mirror, err) < 0)
		return -1;
	sync_state_load(&checked, &m.layout);
	return show_entries(&s);
}

const struct verb verb_status = {
	.name = "status",
	.words = "[PATTERN...]",
	.summary = "what is published: digests, snapshots, holds",
	.text = "Prints one reference a line: its digest, how long ago that arrived, how many "
		"snapshots it has, and whether it is held, gone, unlisted, or past its max-age. "
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
			{ EXIT_PART, NULL, "nothing matches" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON,
	.run = status_run,
};
