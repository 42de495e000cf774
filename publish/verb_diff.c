#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/cli/columns.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/store/generation.h"
#include "publish/generation_find.h"
#include "publish/index_diff.h"
#include "publish/mirror.h"
#include "publish/verb.h"

struct diff {
	const struct invocation *inv;
	struct columns table;
	json_t *changes;
	size_t n;
};

static const char *kind_of(const struct entry *old, const struct entry *now)
{
	if (!old)
		return "new";
	if (!now)
		return "removed";
	return digest_eq(&old->digest, &now->digest) ? "changed" : "moved";
}

static void add_row(struct diff *d, const char *ref, const struct entry *old,
		    const struct entry *now)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_INDEX_LINE);
	bool same = old && now && digest_eq(&old->digest, &now->digest);
	char was[FORMAT_DIGEST], is[FORMAT_DIGEST];

	if (same)
		index_diff_annotations(old, now, &words);
	format_digest(old ? old->digest.str : NULL, was);
	format_digest(now ? now->digest.str : NULL, is);
	columns_add(&d->table, INK_PLAIN, "%s", ref);
	columns_add(&d->table, INK_DIM, "%s", was);
	columns_add(&d->table, INK_DIM, same ? "==" : "->");
	columns_add(&d->table, INK_PLAIN, "%s", is);
	columns_add(&d->table, INK_PLAIN, "%s%s%s", kind_of(old, now), words.n ? ": " : "",
		    words.p);
	columns_end(&d->table);
}

static void add_json(struct diff *d, const char *ref, const struct entry *old,
		     const struct entry *now)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_INDEX_LINE);
	json_t *o =
		json_pack("{s:s, s:s, s:s?, s:s?}", "ref", ref, "change", kind_of(old, now), "old",
			  old ? old->digest.str : NULL, "new", now ? now->digest.str : NULL);
	json_t *names = json_array();
	struct span rest, name;

	if (old && now)
		index_diff_annotations(old, now, &words);
	rest = buf_span(&words);
	while (words.n && span_cut(&rest, ' ', &name))
		json_array_append_new(names, json_stringn(name.p, name.n));
	if (now || old)
		json_set_text(o, "snapshot_of",
			      entry_annotation(now ? now : old, ANNOTATION_SNAPSHOT_OF));
	json_object_set_new(o, "annotations", names);
	json_array_append_new(d->changes, o);
}

static void add_change(const char *ref, const struct entry *old, const struct entry *now, void *arg)
{
	struct diff *d = arg;

	d->n++;
	if (d->inv->json)
		add_json(d, ref, old, now);
	else
		add_row(d, ref, old, now);
}

static json_t *generation_json(const struct found_generation *g)
{
	json_t *o = json_pack("{s:I}", "generation", (json_int_t)g->number);

	json_set_text(o, "created", index_annotation(&g->index, ANNOTATION_CREATED));
	json_set_text(o, "made_by", index_annotation(&g->index, ANNOTATION_MADE_BY));
	json_set_text(o, "label", index_annotation(&g->index, ANNOTATION_LABEL));
	return o;
}

static void print_json(struct diff *d, const struct found_generation *from,
		       const struct found_generation *to)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX);
	cleanup_json json_t *all = json_pack("{s:o, s:o, s:O}", "from", generation_json(from), "to",
					     generation_json(to), "changes", d->changes);

	json_write(&text, all);
	puts(text.p);
}

static void print_diff(const struct invocation *inv, const struct found_generation *from,
		       const struct found_generation *to)
{
	static const char *const titles[] = { "REFERENCE", "FROM", "", "TO", "CHANGE", NULL };
	cleanup_json json_t *changes = json_array();
	struct diff d = { .inv = inv, .table = COLUMNS_INIT, .changes = changes };

	if (inv->terminal)
		columns_titles(&d.table, titles);
	index_diff(&from->index, &to->index, add_change, &d);
	if (inv->json)
		print_json(&d, from, to);
	else
		columns_print(&d.table, stdout, inv->color);
	columns_release(&d.table);
	if (!d.n && !inv->json)
		message_line("generations %ld and %ld have the same entries", from->number,
			     to->number);
}

static int diff_run(const struct invocation *inv, const void *options, char **words, size_t n,
		    struct err *err)
{
	cleanup_by(mirror_release) struct mirror m = MIRROR_INIT;
	cleanup_by(found_generation_release) struct found_generation from = FOUND_GENERATION_INIT,
								     to = FOUND_GENERATION_INIT;
	long current;

	(void)options;
	if (n < 1 || n > 2)
		return err_set(err, ERR_USAGE, 0,
			       "diff takes one generation or two, by number or label: diff 41 42");
	if (mirror_read(&m, inv->mirror, err) < 0)
		return -1;
	mirror_tell_doubt(&m);
	current = generation_number(&m.index);
	if (generation_find_named(&from, &m.layout, current, words[0], err) < 0)
		return -1;
	if (n == 2 && generation_find_named(&to, &m.layout, current, words[1], err) < 0)
		return -1;
	if (n == 1) {
		to = (struct found_generation){ .number = current, .index = m.index };
		m.index = (struct index)INDEX_INIT;
	}
	print_diff(inv, &from, &to);
	return EXIT_OK;
}

const struct verb verb_diff = {
	.name = "diff",
	.words = "FROM [TO]",
	.summary = "what differs between two generations",
	.text = "FROM and TO are generations, by number or label; without TO, what is published "
		"now. Prints a line for each reference that is new, was removed, moved to another "
		"digest, or changed otherwise: then it names the annotations that differ.",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish diff 41", NULL },
			{ "mirror-publish diff sprint-46 sprint-47", NULL },
			{ NULL, NULL },
		},
	.common = VERB_JSON,
	.run = diff_run,
};
