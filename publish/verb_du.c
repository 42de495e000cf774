#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/cli/columns.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/store/index.h"
#include "publish/mirror.h"
#include "publish/pins.h"
#include "publish/usage.h"
#include "publish/verb.h"

struct du {
	int by; /* enum usage_by; -1: not given */
	bool pins;
};

static enum usage_by by_of(const struct du *o)
{
	return o->by < 0 ? USAGE_BY_REPOSITORY : (enum usage_by)o->by;
}

static uint64_t shared_bytes(const struct usage_row *r)
{
	return usage_row_bytes(r) - r->unique;
}

static size_t all_entries(const struct usage_row *r)
{
	return r->entries[USAGE_TAG] + r->entries[USAGE_SNAPSHOT] + r->entries[USAGE_REFERRER];
}

/* ---- as text ---- */

/* "3.2MB": a cell has no blank. */
static void add_bytes(struct columns *table, enum ink ink, uint64_t bytes)
{
	char text[16], *blank;

	format_bytes(bytes, text, sizeof(text));
	blank = strchr(text, ' ');
	if (blank)
		memmove(blank, blank + 1, strlen(blank));
	columns_add(table, bytes ? ink : INK_DIM, "%s", text);
}

static void add_row(struct columns *table, const struct usage_row *r)
{
	columns_add(table, INK_PLAIN, "%s", r->name);
	columns_add(table, INK_PLAIN, "%zu", all_entries(r));
	add_bytes(table, INK_PLAIN, usage_row_bytes(r));
	add_bytes(table, INK_GOOD, r->unique);
	add_bytes(table, INK_PLAIN, shared_bytes(r));
	add_bytes(table, INK_PLAIN, r->bytes[USAGE_SNAPSHOT]);
	add_bytes(table, INK_PLAIN, r->bytes[USAGE_REFERRER]);
	columns_end(table);
}

/* Files of the mirror as a whole. */
static void add_sum(struct columns *table, const char *name, const struct blob_sum *sum)
{
	columns_add(table, INK_DIM, "%s", name);
	columns_add(table, INK_DIM, "%zu", sum->n);
	add_bytes(table, INK_PLAIN, sum->bytes);
	for (int column = 0; column < 4; column++)
		columns_add(table, INK_DIM, "-");
	columns_end(table);
}

static void print_text(const struct usage *u, const struct blob_map *map, const struct du *o,
		       const struct invocation *inv)
{
	static const char *const titles[USAGE_BYS][8] = {
		[USAGE_BY_REPOSITORY] = { "REPOSITORY", "NUMBER", "BYTES", "UNIQUE", "SHARED",
					  "SNAPSHOTS", "REFERRERS", NULL },
		[USAGE_BY_LIST] = { "LIST", "NUMBER", "BYTES", "UNIQUE", "SHARED", "SNAPSHOTS",
				    "REFERRERS", NULL },
		[USAGE_BY_OWNER] = { "OWNER", "NUMBER", "BYTES", "UNIQUE", "SHARED", "SNAPSHOTS",
				     "REFERRERS", NULL },
		[USAGE_BY_GROUP] = { "GROUP", "NUMBER", "BYTES", "UNIQUE", "SHARED", "SNAPSHOTS",
				     "REFERRERS", NULL },
	};
	cleanup_by(columns_release) struct columns table = COLUMNS_INIT;

	if (inv->terminal || inv->titles)
		columns_titles(&table, titles[by_of(o)]);
	for (size_t i = 0; i < u->n; i++)
		add_row(&table, &u->v[i]);
	add_sum(&table, "(published)", &u->published);
	add_sum(&table, "(unreferenced)", &u->unreferenced);
	add_sum(&table, "(partial)", &map->partial);
	add_sum(&table, "(records)", &map->records);
	columns_print(&table, stdout, inv->color);
}

/* ---- as JSON ---- */

static json_t *number_json(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *row_json(const struct usage_row *r)
{
	json_t *o = json_pack("{s:s}", "name", r->name);

	json_object_set_new(o, "tags", number_json(r->entries[USAGE_TAG]));
	json_object_set_new(o, "snapshots", number_json(r->entries[USAGE_SNAPSHOT]));
	json_object_set_new(o, "referrers", number_json(r->entries[USAGE_REFERRER]));
	json_object_set_new(o, "bytes", number_json(usage_row_bytes(r)));
	json_object_set_new(o, "unique", number_json(r->unique));
	json_object_set_new(o, "shared", number_json(shared_bytes(r)));
	json_object_set_new(o, "snapshot_bytes", number_json(r->bytes[USAGE_SNAPSHOT]));
	json_object_set_new(o, "referrer_bytes", number_json(r->bytes[USAGE_REFERRER]));
	return o;
}

static json_t *sum_json(const struct blob_sum *sum)
{
	return json_pack("{s:o, s:o}", "files", number_json(sum->n), "bytes",
			 number_json(sum->bytes));
}

static void print_json(const struct usage *u, const struct blob_map *map, const struct du *o)
{
	cleanup_by(buf_release) struct buf head = BUF_INIT(LIMIT_INDEX_ENTRY);
	cleanup_json json_t *doc = json_pack("{s:s}", "by", usage_by_words[by_of(o)]);

	json_object_set_new(doc, "published", sum_json(&u->published));
	json_object_set_new(doc, "unreferenced", sum_json(&u->unreferenced));
	json_object_set_new(doc, "partial", sum_json(&map->partial));
	json_object_set_new(doc, "records", sum_json(&map->records));
	json_write(&head, doc);
	/* the rows go before the last brace */
	printf("%.*s,\"rows\":[", (int)head.n - 1, head.p);
	for (size_t i = 0; i < u->n; i++) {
		cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX_ENTRY);
		cleanup_json json_t *row = row_json(&u->v[i]);

		json_write(&text, row);
		printf("%s%s", i ? ",\n" : "\n", text.p);
	}
	puts(u->n ? "\n]}" : "]}");
}

/* ---- what keeps old blobs ---- */

/* "snapshot 2 of docker.io/library/alpine:3.19, keep=10 keep-for=90d". */
static void add_pin_words(struct buf *out, const struct pin *p)
{
	const char *of = entry_annotation(p->entry, ANNOTATION_SNAPSHOT_OF);
	const char *keep = entry_annotation(p->limits, ANNOTATION_KEEP);
	const char *keep_for = entry_annotation(p->limits, ANNOTATION_KEEP_FOR);

	if (of)
		buf_addf(out, "snapshot %zu of %s", p->nth, of);
	else
		buf_adds(out, "unlisted");
	if (keep || keep_for)
		buf_adds(out, ",");
	if (keep)
		buf_addf(out, " keep=%s", keep);
	if (keep_for)
		buf_addf(out, " keep-for=%s", keep_for);
}

static const char *pin_since(const struct pin *p)
{
	const char *replaced = entry_annotation(p->entry, ANNOTATION_SNAPSHOT_AT);

	return replaced ? replaced : entry_annotation(p->entry, ANNOTATION_UNLISTED_SINCE);
}

static void print_pins(const struct pins *p, const struct invocation *inv)
{
	static const char *const titles[] = { "REFERENCE", "OWN", "BYTES", "SINCE", "WHAT", NULL };
	cleanup_by(columns_release) struct columns table = COLUMNS_INIT;

	if (inv->terminal || inv->titles)
		columns_titles(&table, titles);
	for (size_t i = 0; i < p->n; i++) {
		cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_INDEX_ENTRY);
		char day[FORMAT_DAY];

		add_pin_words(&words, &p->v[i]);
		format_day(pin_since(&p->v[i]), day);
		columns_add(&table, INK_PLAIN, "%s", p->v[i].entry->ref);
		add_bytes(&table, INK_GOOD, p->v[i].own);
		add_bytes(&table, INK_PLAIN, p->v[i].all);
		columns_add(&table, INK_PLAIN, "%s", day);
		columns_add(&table, INK_PLAIN, "%s", words.p);
		columns_end(&table);
	}
	columns_add(&table, INK_DIM, "(together)");
	add_bytes(&table, INK_PLAIN, p->together);
	for (int column = 0; column < 3; column++)
		columns_add(&table, INK_DIM, "-");
	columns_end(&table);
	columns_print(&table, stdout, inv->color);
}

static void print_pins_json(const struct pins *p)
{
	printf("{\"together\":%llu,\"pins\":[", (unsigned long long)p->together);
	for (size_t i = 0; i < p->n; i++) {
		cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX_ENTRY);
		const struct entry *e = p->v[i].entry;
		cleanup_json json_t *o = json_pack("{s:s}", "ref", e->ref);

		json_object_set_new(o, "own", number_json(p->v[i].own));
		json_object_set_new(o, "bytes", number_json(p->v[i].all));
		json_set_text(o, "since", pin_since(&p->v[i]));
		json_set_text(o, "snapshot_of", entry_annotation(e, ANNOTATION_SNAPSHOT_OF));
		json_object_set_new(o, "nth", p->v[i].nth ? number_json(p->v[i].nth) : json_null());
		json_set_text(o, "keep", entry_annotation(p->v[i].limits, ANNOTATION_KEEP));
		json_set_text(o, "keep_for", entry_annotation(p->v[i].limits, ANNOTATION_KEEP_FOR));
		json_write(&text, o);
		printf("%s%s", i ? ",\n" : "\n", text.p);
	}
	puts(p->n ? "\n]}" : "]}");
}

/* ---- all of it ---- */

static void show_pins(struct blob_map *map, const struct invocation *inv)
{
	cleanup_by(pins_release) struct pins p = { .v = NULL };

	pins_count(&p, map);
	if (inv->json)
		print_pins_json(&p);
	else
		print_pins(&p, inv);
}

static void show_usage(struct blob_map *map, const struct du *o, const struct invocation *inv)
{
	cleanup_by(usage_release) struct usage u = { .v = NULL };

	usage_count(&u, map, by_of(o));
	if (inv->json)
		print_json(&u, map, o);
	else
		print_text(&u, map, o, inv);
}

static int du_run(const struct invocation *inv, const void *options, char **words, size_t n,
		  struct err *err)
{
	cleanup_by(mirror_release) struct mirror m = MIRROR_INIT;
	cleanup_by(blob_map_release) struct blob_map map = { .mirror = &m };
	const struct du *o = options;

	if (n)
		return err_set(err, ERR_USAGE, 0,
			       "du takes no words, and \"%s\" is one: --by says what a row is",
			       words[0]);
	if (o->pins && o->by >= 0)
		return err_set(err, ERR_USAGE, 0,
			       "--pins goes without --by: its rows are references");
	if (mirror_read(&m, inv->mirror, err) < 0 || blob_map_read(&map, &m, err) < 0)
		return -1;
	if (map.odd)
		message_warn("%zu manifest%s of a form that is not understood: the blobs that they "
			     "name may be among the unreferenced ones",
			     map.odd, format_plural(map.odd));
	if (o->pins)
		show_pins(&map, inv);
	else
		show_usage(&map, o, inv);
	return mirror_tell_doubt(&m) ? EXIT_PART : EXIT_OK;
}

static void du_options(void *options, struct cli_table *table)
{
	struct du *o = options;
	const struct cli_opt rows[] = {
		{ .name = "by",
		  .value = "WHAT",
		  .choice = &o->by,
		  .words = usage_by_words,
		  .help = "what a row is: a repository (default), a file of the lists, an owner "
			  "(owner= of the lines), or a group (private=)" },
		{ .name = "pins",
		  .flag = &o->pins,
		  .help = "print the snapshots and unlisted references instead, those first that "
			  "alone keep the most bytes on the disk" },
	};

	o->by = -1;
	CLI_TABLE_ADD(table, rows);
}

const struct verb verb_du = {
	.name = "du",
	.words = "",
	.summary = "how much of the disk belongs to what",
	.text = "Prints how many bytes of blobs each repository has, the largest first: its name, "
		"how many references (tags, snapshots, referrers), bytes in all, those that no "
		"other row has (unique) and those that another row has, too (shared); then, of "
		"the bytes in all, what only snapshots need, and what only signatures and other "
		"referrers need. A blob counts once in a row. With --by, a row is something "
		"else; an image of several lists or owners counts in the row of each.\n\n"
		"The last rows are of the whole mirror: \"(published)\" blobs, each once; "
		"\"(unreferenced)\" ones, which nothing published has; \"(partial)\" downloads; "
		"and \"(records)\", the generations and tables.\n\n"
		"With --pins, a row is a snapshot or an unlisted reference: the bytes that nothing "
		"else needs (own), its bytes in all, since when it is one, of which tag it is a "
		"snapshot (1: the newest), and that tag's keep= and keep-for=. \"(together)\" is "
		"what no listed tag needs. Nothing is removed.",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish du", NULL },
			{ "mirror-publish du --by owner --json", NULL },
			{ "mirror-publish du --pins | head", "which old content is large?" },
			{ NULL, NULL },
		},
	.statuses =
		(const struct exit_status_row[]){
			{ EXIT_PART, NULL, "index.json is not the newest generation" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON | VERB_TITLES,
	.options_size = sizeof(struct du),
	.options = du_options,
	.run = du_run,
};
