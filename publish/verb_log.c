#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/base/printable.h"
#include "oci/cli/columns.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "publish/history.h"
#include "publish/mirror.h"
#include "publish/moment.h"
#include "publish/verb.h"

struct log {
	const char *since;
	long limit; /* 0: all */
};

/* ---- one line ---- */

/* Why it changed, besides what the columns say: "sync", "kept: 3.19.20261120", "\"too slow\"". */
static void add_why(struct buf *out, const struct journal_line *l, const char *made_by)
{
	bool is_sync = l->why && strcmp(l->why, "sync") == 0;

	if (l->why && (!made_by || strcmp(l->why, made_by) != 0))
		buf_adds(out, l->why);
	if (l->detail && is_sync)
		buf_addf(out, "%skept: %s", out->n ? ", " : "", l->detail);
	else if (l->detail)
		buf_addf(out, "%s\"%s\"", out->n ? ", " : "", l->detail);
	if (l->list)
		buf_addf(out, "%s%s", out->n ? ", " : "", l->list);
	if (l->who)
		buf_addf(out, "%s(%s)", out->n ? " " : "", l->who);
}

static void add_digests(struct columns *table, const struct journal_line *l)
{
	char old[FORMAT_DIGEST], new[FORMAT_DIGEST];

	format_digest(l->old_digest, old);
	format_digest(l->new_digest, new);
	columns_add(table, INK_DIM, "%s", old);
	columns_add(table, INK_DIM, strcmp(old, new) == 0 ? "==" : "->");
	columns_add(table, INK_PLAIN, "%s", new);
}

static json_t *line_json(const struct journal_line *l)
{
	json_t *o = json_pack("{s:I}", "generation", (json_int_t)l->generation);

	json_set_text(o, "time", l->time);
	json_set_text(o, "ref", l->ref);
	json_set_text(o, "old", l->old_digest);
	json_set_text(o, "new", l->new_digest);
	json_set_text(o, "why", l->why);
	json_set_text(o, "detail", l->detail);
	json_set_text(o, "who", l->who);
	json_set_text(o, "list", l->list);
	json_set_text(o, "commit", l->commit);
	return o;
}

/* Prints element number nth of a JSON list, one element a line. */
static void print_element(const json_t *o, size_t nth)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX);

	json_write(&text, o);
	printf("%s%s", nth ? ",\n" : "[\n", text.p);
}

/* ---- the history of a reference ---- */

static void print_history(const struct history *h, size_t left_out, const struct invocation *inv)
{
	static const char *const titles[] = { "GENERATION", "TIME", "FROM", "", "TO", "WHY", NULL };
	cleanup_by(columns_release) struct columns table = COLUMNS_INIT;

	if (inv->terminal)
		columns_titles(&table, titles);
	for (size_t i = h->n; i-- > left_out;) {
		cleanup_by(buf_release) struct buf why = BUF_INIT(LIMIT_JOURNAL_LINE);

		add_why(&why, &h->v[i], NULL);
		columns_add(&table, INK_PLAIN, "%ld", h->v[i].generation);
		columns_add(&table, INK_PLAIN, "%s", h->v[i].time ? h->v[i].time : "");
		add_digests(&table, &h->v[i]);
		columns_add(&table, INK_PLAIN, "%s", why.p);
		columns_end(&table);
	}
	columns_print(&table, stdout, inv->color);
}

static void print_history_json(const struct history *h, size_t left_out)
{
	for (size_t i = h->n; i-- > left_out;) {
		cleanup_json json_t *o = line_json(&h->v[i]);

		print_element(o, h->n - 1 - i);
	}
	puts(h->n > left_out ? "\n]" : "[]");
}

/* ---- generations ---- */

/* The lines of one generation, and what holds for all of them. */
struct generation {
	const struct journal_line *v;
	size_t n;
	const char *made_by, *label, *commit;
};

/* The generation whose last line is v[n - 1]. */
static struct generation last_generation(const struct journal_line *v, size_t n)
{
	struct generation g = { .n = 0 };

	while (g.n < n && v[n - 1 - g.n].generation == v[n - 1].generation)
		g.n++;
	g.v = v + n - g.n;
	for (size_t i = 0; i < g.n; i++) {
		const struct journal_line *l = &g.v[i];

		if (!l->ref) {
			g.made_by = l->why;
			g.label = l->detail;
		}
		if (!g.commit)
			g.commit = l->commit;
	}
	/* "snapshot" only accompanies another change */
	for (size_t i = 0; i < g.n && !g.made_by; i++)
		if (g.v[i].why && strcmp(g.v[i].why, "snapshot") != 0)
			g.made_by = g.v[i].why;
	return g;
}

static void print_generation(const struct generation *g, const struct invocation *inv, bool first)
{
	cleanup_by(columns_release) struct columns table = COLUMNS_INIT;
	cleanup_by(buf_release) struct buf head = BUF_INIT(LIMIT_JOURNAL_LINE);
	const char *on = inv->color ? "\033[1m" : "", *off = inv->color ? "\033[0m" : "";

	buf_addf(&head, "  %s  %s", g->v[0].time ? g->v[0].time : "-",
		 g->made_by ? g->made_by : "-");
	if (g->label)
		buf_addf(&head, "  \"%s\"", g->label);
	if (g->commit)
		buf_addf(&head, "  lists at %.12s", g->commit);
	printf("%s%sgeneration %ld%s%s\n", first ? "" : "\n", on, g->v[0].generation, off,
	       printable_clean(head.p));
	for (size_t i = 0; i < g->n; i++) {
		cleanup_by(buf_release) struct buf why = BUF_INIT(LIMIT_JOURNAL_LINE);

		if (!g->v[i].ref)
			continue;
		add_why(&why, &g->v[i], g->made_by);
		columns_add(&table, INK_PLAIN, "  %s", g->v[i].ref);
		add_digests(&table, &g->v[i]);
		columns_add(&table, INK_PLAIN, "%s", why.p);
		columns_end(&table);
	}
	columns_print(&table, stdout, inv->color);
}

static void print_generation_json(const struct generation *g, size_t nth)
{
	cleanup_json json_t *o = json_pack("{s:I}", "generation", (json_int_t)g->v[0].generation);
	json_t *changes = json_array();

	json_set_text(o, "time", g->v[0].time);
	json_set_text(o, "made_by", g->made_by);
	json_set_text(o, "label", g->label);
	json_set_text(o, "commit", g->commit);
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].ref)
			json_array_append_new(changes, line_json(&g->v[i]));
	json_object_set_new(o, "changes", changes);
	print_element(o, nth);
}

static void print_generations(const struct history *h, const struct log *o,
			      const struct invocation *inv)
{
	size_t shown = 0;

	for (size_t left = h->n; left && (!o->limit || shown < (size_t)o->limit); shown++) {
		struct generation g = last_generation(h->v, left);

		if (inv->json)
			print_generation_json(&g, shown);
		else
			print_generation(&g, inv, shown == 0);
		left -= g.n;
	}
	if (inv->json)
		puts(shown ? "\n]" : "[]");
}

static void print_all(const struct history *h, const struct log *o, const struct invocation *inv)
{
	size_t limit = o->limit ? (size_t)o->limit : h->n,
	       left_out = limit < h->n ? h->n - limit : 0;

	if (!h->ref)
		print_generations(h, o, inv);
	else if (inv->json)
		print_history_json(h, left_out);
	else
		print_history(h, left_out, inv);
}

static int print_log(const struct invocation *inv, const struct log *o, time_t since,
		     const char *ref, struct err *err)
{
	cleanup_by(mirror_release) struct mirror m = MIRROR_INIT;
	cleanup_by(history_release) struct history h = HISTORY_INIT;
	bool never;

	if (mirror_read(&m, inv->mirror, err) < 0 || history_read(&h, &m, ref, err) < 0)
		return -1;
	mirror_tell_doubt(&m);
	never = ref && !h.n;
	if (o->since)
		history_since(&h, since);
	print_all(&h, o, inv);
	if (!never)
		return EXIT_OK;
	history_say_never(&h, ref);
	return EXIT_PART;
}

static int log_run(const struct invocation *inv, const void *options, char **words, size_t n,
		   struct err *err)
{
	const struct log *o = options;
	time_t since = o->since ? moment_since(o->since, clock_wall()) : 0;
	cleanup_free char *ref = NULL;

	if (since < 0)
		return err_set(err, ERR_USAGE, 0,
			       "--since \"%s\" is neither a duration (7d) nor a day (2026-11-20) "
			       "nor an instant (2026-11-20T08:15:00Z)",
			       o->since);
	if (n > 1)
		return err_set(err, ERR_USAGE, 0, "log takes one REF, and \"%s\" is another",
			       words[1]);
	if (n == 1 && !(ref = history_ref(words[0], err)))
		return -1;
	return print_log(inv, o, since, ref, err);
}

static void log_options(void *options, struct cli_table *table)
{
	struct log *o = options;
	const struct cli_opt rows[] = {
		{ .name = "since",
		  .value = "D",
		  .to = &o->since,
		  .help = "only what changed since then: a duration (7d), a day in UTC "
			  "(2026-11-20) or an instant" },
		{ .name = "limit",
		  .value = "N",
		  .number = &o->limit,
		  .min = 1,
		  .max = 1000000,
		  .help = "only the newest N generations, or with REF the newest N changes" },
	};

	CLI_TABLE_ADD(table, rows);
}

const struct verb verb_log = {
	.name = "log",
	.words = "[REF]",
	.summary = "what generations changed; a tag's history",
	.text = "Without REF, prints what each generation changed, the newest first; with REF, the "
		"history of that reference. Everything comes from the journal, which is never "
		"pruned: when, which digest became which, why, on which line of the lists, and "
		"which user did it. Where the journal is lost, the generations that are kept say "
		"what they know, and a warning says so.",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish log", NULL },
			{ "mirror-publish log alpine:3.19", NULL },
			{ "mirror-publish log --since 7d --limit 5", NULL },
			{ NULL, NULL },
		},
	.statuses =
		(const struct exit_status_row[]){
			{ EXIT_PART, NULL, "REF was never published" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON,
	.options_size = sizeof(struct log),
	.options = log_options,
	.run = log_run,
};
