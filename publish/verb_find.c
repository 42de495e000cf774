#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/cli/columns.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/store/marks.h"
#include "oci/store/served.h"
#include "oci/store/served_file.h"
#include "publish/contents.h"
#include "publish/mirror.h"
#include "publish/stays.h"
#include "publish/verb.h"
#include "publish/wanted.h"

struct find {
	const struct invocation *inv;
	struct mirror mirror;
	struct marks marks;
	struct served table;
	struct wanted wanted;
	struct contents contents;
	struct stays stays;
};

static void find_release(struct find *f)
{
	stays_release(&f->stays);
	contents_release(&f->contents);
	served_release(&f->table);
	marks_release(&f->marks);
	mirror_release(&f->mirror);
}

/* ---- one digest ---- */

/* What holds for one digest, whichever reference has it. */
struct answer {
	const struct wanted_digest *digest;
	uint64_t bit;
	bool found;
	bool here; /* its file is: a child of an index that the mirror leaves out has none */
	bool banned;
};

static bool has_it(const struct stay *t, const struct answer *a)
{
	return t->mask & a->bit;
}

static struct answer make_answer(const struct find *f, size_t nth)
{
	const struct wanted_digest *d = &f->wanted.v[nth];
	struct answer a = { .digest = d, .bit = UINT64_C(1) << nth };

	for (size_t i = 0; i < f->stays.n && !a.found; i++)
		a.found = has_it(f->stays.v[i], &a);
	a.here = d->digest.str[0] && layout_has(&f->mirror.layout, &d->digest, -1);
	a.banned = marks_banned(&f->marks, &d->digest) != NULL;
	return a;
}

static void say_missing(const struct find *f, const struct answer *a)
{
	if (a->here)
		message_line("\"%s\" is on disk, but in nothing that was published here",
			     a->digest->text);
	else
		message_line("\"%s\" was never published here%s", a->digest->text,
			     f->stays.lost ? ", as far as is known" : "");
}

/* ---- as text ---- */

static void add_clause(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add_clause(struct buf *out, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	buf_addf(out, "%s%s", out->n ? ", " : "", text);
}

/* "base.list:1@c0ffee (Ann)": the line of the lists that brought it, and whose. */
static void add_line(struct buf *out, const struct stay *t)
{
	bool has_commit = t->list && strchr(t->list, '@');

	if (t->list && t->commit && !has_commit)
		add_clause(out, "%s@%.12s", t->list, t->commit);
	else if (t->list)
		add_clause(out, "%s", t->list);
	if (t->who)
		buf_addf(out, " (%s)", t->who);
}

/* "layer, sync, base.list:1@c0ffee (Ann), private to team-a". */
static void add_words(const struct find *f, const struct answer *a, const struct stay *t,
		      struct buf *out)
{
	const char *group = stays_group(&f->stays, t->ref);

	add_clause(out, "%s%s", wanted_role_word(a->digest->role), a->here ? "" : " (not here)");
	if (t->snapshot)
		add_clause(out, "snapshot");
	else if (t->why)
		add_clause(out, "%s", t->why);
	add_line(out, t);
	if (group)
		add_clause(out, "private to %s", group);
	if (a->banned)
		add_clause(out, "banned");
}

static void add_number(struct buf *out, long number)
{
	if (number < 0)
		buf_addc(out, '?');
	else
		buf_addf(out, "%ld", number);
}

/* "12-15", "12-", "?-15": which generations had it; "..12-15": perhaps earlier ones, too. */
static void add_generations(struct columns *table, const struct stay *t)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(KIB);

	if (t->earlier && t->first >= 0)
		buf_adds(&text, "..");
	add_number(&text, t->first);
	if (t->lasts || t->last != t->first)
		buf_addc(&text, '-');
	if (!t->lasts && t->last != t->first)
		add_number(&text, t->last);
	columns_add(table, INK_PLAIN, "%s", text.p);
}

static void add_row(const struct find *f, struct columns *table, const struct answer *a,
		    const struct stay *t)
{
	const char *whole = a->digest->digest.str;
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_JOURNAL_LINE);
	char digest[FORMAT_DIGEST], manifest[FORMAT_DIGEST];

	add_words(f, a, t, &words);
	format_digest(whole, digest);
	format_digest(t->manifest.str, manifest);
	columns_add(table, INK_DIM, "%s", f->inv->full ? whole : digest);
	columns_add(table, t->lasts ? INK_BAD : INK_PLAIN, "%s", t->ref);
	columns_add(table, INK_DIM, "%s", f->inv->full ? t->manifest.str : manifest);
	add_generations(table, t);
	columns_add(table, INK_PLAIN, "%s", t->since ? t->since : "?");
	columns_add(table, INK_PLAIN, "%s", t->lasts ? "now" : t->until ? t->until : "?");
	columns_add(table, INK_PLAIN, "%s", words.p);
	columns_end(table);
}

/* What is published now stands first. */
static void print_text(const struct find *f, const struct answer *a, bool first)
{
	static const char *const titles[] = { "DIGEST", "REFERENCE", "MANIFEST", "GENERATIONS",
					      "SINCE",  "UNTIL",     "WHAT",     NULL };
	cleanup_by(columns_release) struct columns table = COLUMNS_INIT;

	if (first && (f->inv->terminal || f->inv->titles))
		columns_titles(&table, titles);
	for (int past = 0; past < 2; past++)
		for (size_t i = 0; i < f->stays.n; i++)
			if (has_it(f->stays.v[i], a) && f->stays.v[i]->lasts == !past)
				add_row(f, &table, a, f->stays.v[i]);
	columns_print(&table, stdout, f->inv->color);
}

/* ---- as JSON ---- */

static void set_number(json_t *o, const char *key, long number)
{
	json_object_set_new(o, key, number < 0 ? json_null() : json_integer(number));
}

static json_t *stay_json(const struct find *f, const struct stay *t)
{
	const char *of = t->entry ? entry_annotation(t->entry, ANNOTATION_SNAPSHOT_OF) : NULL;
	json_t *o = json_pack("{s:s, s:s}", "ref", t->ref, "manifest", t->manifest.str);

	json_object_set_new(o, "published", json_boolean(t->lasts));
	set_number(o, "first", t->first);
	set_number(o, "last", t->last);
	json_object_set_new(o, "earlier", json_boolean(t->earlier));
	json_set_text(o, "since", t->since);
	json_set_text(o, "until", t->until);
	json_set_text(o, "why", t->why);
	json_set_text(o, "who", t->who);
	json_set_text(o, "list", t->list);
	json_set_text(o, "commit", t->commit);
	json_set_text(o, "author", t->entry ? entry_annotation(t->entry, ANNOTATION_AUTHOR) : NULL);
	json_set_text(o, "private", stays_group(&f->stays, t->ref));
	if (t->snapshot)
		json_set_text(o, "snapshot_of", of);
	return o;
}

/* A list of stays, one a line: no list is held in memory. */
static void print_stays(const struct find *f, const struct answer *a, const char *name,
			bool snapshots)
{
	size_t shown = 0;

	printf(",\"%s\":[", name);
	for (size_t i = 0; i < f->stays.n; i++) {
		cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX);
		cleanup_json json_t *o = NULL;

		if (!has_it(f->stays.v[i], a) || f->stays.v[i]->snapshot != snapshots)
			continue;
		o = stay_json(f, f->stays.v[i]);
		json_write(&text, o);
		printf("%s%s", shown++ ? ",\n" : "\n", text.p);
	}
	puts("]");
}

struct range {
	long first, last;
};

static int order_ranges(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	return (a->first > b->first) - (a->first < b->first);
}

/* The generations that had it, as ranges that neither touch nor overlap. */
static void print_generations(const struct find *f, const struct answer *a)
{
	cleanup_free struct range *v = xcalloc(f->stays.n + 1, sizeof(*v));
	size_t n = 0, shown = 0;

	for (size_t i = 0; i < f->stays.n; i++) {
		const struct stay *t = f->stays.v[i];
		struct range r = { .first = t->first < 0 ? t->last : t->first,
				   .last = t->last < 0 ? t->first : t->last };

		if (has_it(t, a) && r.first >= 0)
			v[n++] = r;
	}
	if (n)
		qsort(v, n, sizeof(*v), order_ranges);
	fputs(",\"generations\":[", stdout);
	for (size_t i = 0; i < n;) {
		struct range r = v[i++];

		for (; i < n && v[i].first <= r.last + 1; i++)
			r.last = v[i].last > r.last ? v[i].last : r.last;
		printf("%s[%ld,%ld]", shown++ ? "," : "", r.first, r.last);
	}
	fputs("]}", stdout);
}

static void print_json(const struct find *f, const struct answer *a, bool first)
{
	const struct wanted_digest *d = a->digest;
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX_ENTRY);
	cleanup_json json_t *o = json_pack("{s:s}", "asked", d->text);

	json_set_text(o, "digest", d->digest.str[0] ? d->digest.str : NULL);
	json_object_set_new(o, "found", json_boolean(a->found));
	json_object_set_new(o, "here", json_boolean(a->here));
	json_set_text(o, "role", d->role == WANTED_UNKNOWN ? NULL : wanted_role_word(d->role));
	json_object_set_new(o, "banned", json_boolean(a->banned));
	json_write(&text, o);
	/* the lists go before the last brace */
	printf("%s%.*s", first ? "[" : ",\n", (int)text.n - 1, text.p);
	print_stays(f, a, "references", false);
	print_stays(f, a, "snapshots", true);
	print_generations(f, a);
}

/* ---- all of them ---- */

/* What makes the answer less than the whole truth. */
static bool tell_limits(const struct find *f)
{
	const struct stays *s = &f->stays;

	if (s->bad)
		message_warn("%zu line%s of the journal cannot be read: what they tell is left out",
			     s->bad, format_plural(s->bad));
	if (s->lost)
		message_warn("the journal does not tell of all generations; the generations that "
			     "are kept say what they know");
	if (s->unread)
		message_warn("%zu generation%s cannot be read: what was published there is not "
			     "known",
			     s->unread, format_plural(s->unread));
	if (f->contents.unread == 1)
		message_warn("1 manifest that was published is missing or damaged: %s; what is in "
			     "it is not known",
			     f->contents.first_unread.str);
	else if (f->contents.unread)
		message_warn("%zu manifests that were published are missing or damaged, one is "
			     "%s; what is in them is not known",
			     f->contents.unread, f->contents.first_unread.str);
	return mirror_tell_doubt(&f->mirror);
}

static int print_all(const struct find *f)
{
	int status = tell_limits(f) ? EXIT_PART : EXIT_OK;

	for (size_t i = 0; i < f->wanted.n; i++) {
		struct answer a = make_answer(f, i);

		if (f->inv->json)
			print_json(f, &a, i == 0);
		else
			print_text(f, &a, i == 0);
		if (a.found)
			continue;
		say_missing(f, &a);
		status = EXIT_PART;
	}
	if (f->inv->json)
		puts("]");
	return status;
}

/* The table that the index names spares reading its manifests. A damaged one is passed over. */
static const struct served *open_table(struct find *f)
{
	const char *name = index_annotation(&f->mirror.index, ANNOTATION_TABLE);
	struct err ignored;

	if (!name || served_file_open(&f->table, &f->mirror.layout, name, &ignored) < 0)
		return NULL;
	return served_file_is_named(&f->table, name) ? &f->table : NULL;
}

static int find_run(const struct invocation *inv, const void *options, char **words, size_t n,
		    struct err *err)
{
	cleanup_by(find_release) struct find f = { .inv = inv,
						   .mirror = MIRROR_INIT,
						   .marks = MARKS_INIT };

	(void)options;
	if (!n)
		return err_set(err, ERR_USAGE, 0, "find takes digests: find sha256:63cd...");
	if (wanted_read(&f.wanted, words, n, err) < 0 ||
	    mirror_read(&f.mirror, inv->mirror, err) < 0)
		return -1;
	if (marks_load(&f.marks, &f.mirror.index, err) < 0)
		return err_wrap(err, "%s/index.json", inv->mirror);
	contents_init(&f.contents, &f.mirror.layout, open_table(&f), &f.wanted);
	if (stays_read(&f.stays, &f.mirror, &f.contents, err) < 0 ||
	    wanted_check(&f.wanted, err) < 0)
		return -1;
	return print_all(&f);
}

const struct verb verb_find = {
	.name = "find",
	.words = "DIGEST...",
	.summary = "which references have, or had, a digest",
	.text = "Prints each reference and snapshot that has, or ever had, the DIGEST: as its own "
		"manifest or index, or as a child, config or layer in it. A row has the digest, "
		"the reference, its manifest, the generations, since when, until when (\"now\": it "
		"is published), what the digest is there, and which line of the lists and whose "
		"brought it. A child that the mirror leaves out (platform=) is found in its index, "
		"and marked \"not here\".\n\n"
		"A DIGEST may be shortened to 12 hex digits. Everything comes from the journal and "
		"the manifests on disk; where the journal is lost, the generations that are kept "
		"say what they know, and a warning says so. Private images are found, too.",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish find sha256:63cd4a1b2c3d", "who has this layer?" },
			{ "mirror-publish find --json $(cat bad-digests)", NULL },
			{ NULL, NULL },
		},
	.statuses =
		(const struct exit_status_row[]){
			{ EXIT_OK, NULL, "every DIGEST was found" },
			{ EXIT_PART, NULL,
			  "a DIGEST was never published, or index.json is not the newest "
			  "generation" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON | VERB_TITLES | VERB_LONG,
	.run = find_run,
};
