#include "oci/lists/kv_table.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/suggest.h"
#include "oci/lists/line.h"

#define KNOWN_MAX 32

static void *member_of(const struct kv_row *t, void *s)
{
	return (char *)s + t->offset;
}

void kv_table_init(const struct kv_row *table, void *s)
{
	for (const struct kv_row *t = table; t->name; t++)
		value_clear(t->kind, member_of(t, s));
}

void kv_table_release(const struct kv_row *table, void *s)
{
	for (const struct kv_row *t = table; t->name; t++)
		if (value_is_text(t->kind))
			free(*(char **)member_of(t, s));
	kv_table_init(table, s);
}

void kv_table_fill(const struct kv_row *table, void *to, const void *from)
{
	for (const struct kv_row *t = table; t->name; t++) {
		void *member = member_of(t, to);

		if (!value_is_set(t->kind, member))
			value_copy(t->kind, member, (const char *)from + t->offset);
	}
}

/* Sets the member that the row is about. *at gets the offset of what is wrong. */
static int set_member(const struct kv_row *t, void *s, struct span text, size_t *at,
		      struct err *err)
{
	const char *const word[] = { t->word, NULL };
	const struct value_rule rule = {
		.kind = t->kind,
		.min = t->min,
		.max = t->max,
		.words = t->word ? word : t->words,
		.check = t->check,
	};
	void *member = member_of(t, s);

	if (!text.n)
		return err_set(err, ERR_USAGE, 0, "a value is missing");
	if (value_read(&rule, text, member, at, err) < 0)
		return -1;
	if (value_is_text(t->kind))
		*(char **)member = xstrndup(text.p, text.n);
	return 0;
}

static const struct kv_row *find_row(const struct kv_row *table, struct span name)
{
	for (; table->name; table++)
		if (span_eq(name, table->name))
			return table;
	return NULL;
}

static void add_unknown_option(const struct kv_row *table, const struct line_word *w,
			       const struct place *at)
{
	const char *known[KNOWN_MAX + 1] = { NULL }, *near;
	cleanup_free char *all = NULL;

	for (size_t i = 0; table[i].name && i < KNOWN_MAX; i++)
		known[i] = table[i].name;
	all = value_join(known);
	near = suggest_word(w->key, known);
	if (near)
		place_error(at, w->column, "unknown option \"%.*s\" (did you mean \"%s\"?)",
			    SPAN_ARG(w->key), near);
	else
		place_error(at, w->column, "unknown option \"%.*s\" (known are %s)",
			    SPAN_ARG(w->key), all);
}

/* A list as it should stand: the words from i - 1 on up to the next option, with one comma between
 * them. */
static void join_list(const struct line *l, size_t i, struct buf *out)
{
	for (i--; i < l->n && (!l->v[i].key.p || !out->n); i++) {
		struct span rest = l->v[i].text, word;

		while (span_cut(&rest, ',', &word))
			if (word.n)
				buf_addf(out, "%s%.*s", out->n ? "," : "", SPAN_ARG(word));
	}
}

/* A text that is to be in quotes: the same words, with blanks. */
static void join_text(const struct line *l, size_t i, struct buf *out)
{
	buf_add(out, l->v[i - 1].text.p, l->v[i - 1].text.n);
	for (; i < l->n && !l->v[i].key.p; i++)
		buf_addf(out, " %.*s", SPAN_ARG(l->v[i].text));
}

/* Quotes as word processors write them. */
static bool begins_with_odd_quote(struct span text)
{
	static const char *const quotes[] = {
		"\u2018", "\u2019", "\u201c", "\u201d", "\u201e", "\u00ab",
	};

	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		if (span_starts(text, quotes[i]))
			return true;
	return false;
}

/* A word behind an option's value: mostly a blank too many, or quotes that are missing. */
static void add_word_behind(const struct kv_row *row, const struct line *l, size_t i,
			    const struct place *at)
{
	cleanup_by(buf_release) struct buf meant = BUF_INIT(LIMIT_LIST_LINE);
	const struct line_word *w = &l->v[i], *last = w - 1;

	if (begins_with_odd_quote(last->text) && line_has_odd_char(last, last->text, at))
		return;
	if (row && row->kind == VALUE_LIST) {
		join_list(l, i, &meant);
		place_error(at, w->column,
			    "unexpected word \"%.*s\" (a list has commas and no blanks: %s=%s)",
			    SPAN_ARG(w->text), row->name, meant.p);
		return;
	}
	join_text(l, i, &meant);
	place_error(at, w->column,
		    "unexpected word \"%.*s\" (a value with blanks needs quotes: %.*s=\"%s\")",
		    SPAN_ARG(w->text), SPAN_ARG(last->key), meant.p);
}

/* A word without "=" where an option should be. */
static void add_unexpected_word(const struct kv_row *table, const struct line *l, size_t i,
				const struct place *at)
{
	const struct line_word *w = &l->v[i], *last = i ? w - 1 : NULL;

	if (line_has_odd_char(w, w->text, at))
		return;
	if (find_row(table, w->text))
		place_error(at, w->column, "\"%.*s\" needs a value: %.*s=...", SPAN_ARG(w->text),
			    SPAN_ARG(w->text));
	else if (last && last->key.p)
		add_word_behind(find_row(table, last->key), l, i, at);
	else
		place_error(at, w->column,
			    "unexpected word \"%.*s\" (an option is key=value, a comment begins "
			    "with #)",
			    SPAN_ARG(w->text));
}

static bool read_option(const struct kv_row *table, void *s, unsigned long *given,
			const struct line_word *w, const struct place *at)
{
	const struct kv_row *t = find_row(table, w->key);
	struct err err = ERR_INIT;
	size_t offset = 0;
	unsigned long bit;

	/* the other texts are for people */
	if (line_has_odd_char(w, w->key, at) ||
	    (t && (t->kind != VALUE_TEXT || t->check) && line_has_odd_char(w, w->text, at)))
		return false;
	if (!t) {
		add_unknown_option(table, w, at);
		return false;
	}
	bit = 1UL << (t - table);
	if (*given & bit) {
		place_error(at, w->column, "\"%s\" is given twice", t->name);
		return false;
	}
	*given |= bit;
	if (set_member(t, s, w->text, &offset, &err) < 0) {
		place_error(at, line_column(w, offset), "%s: %s", t->name, err.msg);
		return false;
	}
	return true;
}

bool kv_table_read(const struct kv_row *table, void *s, const struct line *l, size_t first,
		   const struct place *at)
{
	unsigned long given = 0;
	bool good = true;

	for (size_t i = first; i < l->n; i++) {
		if (l->v[i].key.p) {
			good = read_option(table, s, &given, &l->v[i], at) && good;
		} else {
			/* "keep = 3" is one mistake and not three */
			if (i == first || l->v[i - 1].key.p)
				add_unexpected_word(table, l, i, at);
			good = false;
		}
	}
	return good;
}

void kv_row_copy(const struct kv_row *row, void *to, const void *from)
{
	value_copy(row->kind, member_of(row, to), (const char *)from + row->offset);
}

bool kv_row_is_given(const struct kv_row *row, const void *s)
{
	return value_is_set(row->kind, (const char *)s + row->offset);
}

bool kv_row_same(const struct kv_row *row, const void *a, const void *b)
{
	return value_same(row->kind, (const char *)a + row->offset, (const char *)b + row->offset);
}

void kv_row_write(const struct kv_row *row, const void *s, struct buf *out)
{
	const int *choice = (const int *)(const void *)((const char *)s + row->offset);

	if (row->kind == VALUE_FLAG)
		buf_adds(out, kv_row_is_given(row, s) ? row->word : "");
	else if (row->kind == VALUE_CHOICE)
		buf_adds(out, *choice >= 0 ? row->words[*choice] : "");
	else
		value_write(row->kind, (const char *)s + row->offset, out);
}
