#include "oci/lists/kv_table.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/base/strvec.h"
#include "oci/base/suggest.h"
#include "oci/base/unit.h"
#include "oci/lists/line.h"

#define KNOWN_MAX 32

/* A member of the struct at s, as what its kind says it is. */
union member {
	void *p;
	char **text;
	long *number;
	int64_t *size;
	int *yes_no;
	bool *flag;
};

static union member member_of(const struct kv_row *t, void *s)
{
	return (union member){ .p = (char *)s + t->offset };
}

void kv_table_init(const struct kv_row *table, void *s)
{
	for (const struct kv_row *t = table; t->name; t++) {
		union member m = member_of(t, s);

		switch (t->kind) {
		case KV_TEXT:
		case KV_LIST: *m.text = NULL; break;
		case KV_NUMBER:
		case KV_DURATION: *m.number = -1; break;
		case KV_SIZE: *m.size = -1; break;
		case KV_YES_NO: *m.yes_no = -1; break;
		case KV_FLAG: *m.flag = false; break;
		}
	}
}

void kv_table_release(const struct kv_row *table, void *s)
{
	for (const struct kv_row *t = table; t->name; t++)
		if (t->kind == KV_TEXT || t->kind == KV_LIST)
			free(*member_of(t, s).text);
	kv_table_init(table, s);
}

void kv_table_fill(const struct kv_row *table, void *to, const void *from)
{
	for (const struct kv_row *t = table; t->name; t++) {
		union member m = member_of(t, to);
		const void *other = (const char *)from + t->offset;

		switch (t->kind) {
		case KV_TEXT:
		case KV_LIST:
			if (!*m.text)
				*m.text = *(char *const *)other;
			break;
		case KV_NUMBER:
		case KV_DURATION:
			if (*m.number < 0)
				*m.number = *(const long *)other;
			break;
		case KV_SIZE:
			if (*m.size < 0)
				*m.size = *(const int64_t *)other;
			break;
		case KV_YES_NO:
			if (*m.yes_no < 0)
				*m.yes_no = *(const int *)other;
			break;
		case KV_FLAG: *m.flag = *m.flag || *(const bool *)other; break;
		}
	}
}

static int set_list(const struct kv_row *t, char **to, struct span value, size_t *at,
		    struct err *err)
{
	struct span rest = value, word;

	while (span_cut(&rest, ',', &word)) {
		size_t inside = 0;

		*at = (size_t)(word.p - value.p);
		if (!word.n)
			return err_set(err, ERR_USAGE, 0, "an empty word between commas");
		if (t->check && t->check(word, &inside, err) < 0) {
			*at += inside;
			return -1;
		}
	}
	*to = xstrndup(value.p, value.n);
	return 0;
}

static int set_text(const struct kv_row *t, char **to, struct span value, size_t *at,
		    struct err *err)
{
	if (t->check && t->check(value, at, err) < 0)
		return -1;
	*to = xstrndup(value.p, value.n);
	return 0;
}

static int set_number(const struct kv_row *t, long *to, struct span value, struct err *err)
{
	long long n = span_number(value, t->max);

	if (n < t->min)
		return err_set(err, ERR_USAGE, 0, "\"%.*s\" is not a number from %ld to %ld",
			       SPAN_ARG(value), t->min, t->max);
	*to = (long)n;
	return 0;
}

static int set_yes_no(int *to, struct span value, struct err *err)
{
	if (!span_eq(value, "yes") && !span_eq(value, "no"))
		return err_set(err, ERR_USAGE, 0, "\"%.*s\" is neither yes nor no",
			       SPAN_ARG(value));
	*to = span_eq(value, "yes");
	return 0;
}

static int set_flag(const struct kv_row *t, bool *to, struct span value, struct err *err)
{
	if (!span_eq(value, t->word))
		return err_set(err, ERR_USAGE, 0, "\"%.*s\" is not known here, only \"%s\" is",
			       SPAN_ARG(value), t->word);
	*to = true;
	return 0;
}

static int set(const struct kv_row *t, void *s, struct span value, size_t *at, struct err *err)
{
	union member m = member_of(t, s);

	if (!value.n)
		return err_set(err, ERR_USAGE, 0, "a value is missing");
	switch (t->kind) {
	case KV_LIST: return set_list(t, m.text, value, at, err);
	case KV_NUMBER: return set_number(t, m.number, value, err);
	case KV_DURATION: return unit_duration(m.number, value, err);
	case KV_SIZE: return unit_size(m.size, value, err);
	case KV_YES_NO: return set_yes_no(m.yes_no, value, err);
	case KV_FLAG: return set_flag(t, m.flag, value, err);
	case KV_TEXT: break;
	}
	return set_text(t, m.text, value, at, err);
}

static const struct kv_row *find(const struct kv_row *table, struct span name)
{
	for (; table->name; table++)
		if (span_eq(name, table->name))
			return table;
	return NULL;
}

static void add_unknown(const struct kv_row *table, const struct line_word *w,
			const struct place *at)
{
	const char *known[KNOWN_MAX + 1] = { NULL }, *near;
	cleanup_free char *all = xstrdup("");

	for (size_t i = 0; table[i].name && i < KNOWN_MAX; i++) {
		char *more = xasprintf("%s%s%s", all, *all ? ", " : "", table[i].name);

		free(all);
		all = more;
		known[i] = table[i].name;
	}
	near = suggest_word(w->key, known);
	if (near)
		place_error(at, w->column, "unknown option \"%.*s\" (did you mean \"%s\"?)",
			    SPAN_ARG(w->key), near);
	else
		place_error(at, w->column, "unknown option \"%.*s\" (known are %s)",
			    SPAN_ARG(w->key), all);
}

/* A plain word where an option should be: mostly a blank too many. */
static void add_unexpected(const struct kv_row *table, const struct line *l, size_t i,
			   const struct place *at)
{
	const struct line_word *w = &l->v[i], *last = i ? &l->v[i - 1] : NULL;

	if (find(table, w->text))
		place_error(at, w->column, "\"%.*s\" needs a value: %.*s=...", SPAN_ARG(w->text),
			    SPAN_ARG(w->text));
	else if (last && last->key.p)
		place_error(at, w->column,
			    "unexpected word \"%.*s\" (a value with blanks needs quotes: "
			    "%.*s=\"%.*s %.*s\")",
			    SPAN_ARG(w->text), SPAN_ARG(last->key), SPAN_ARG(last->text),
			    SPAN_ARG(w->text));
	else
		place_error(at, w->column,
			    "unexpected word \"%.*s\" (an option is key=value, a comment begins "
			    "with #)",
			    SPAN_ARG(w->text));
}

static bool read_word(const struct kv_row *table, void *s, unsigned long *given,
		      const struct line_word *w, const struct place *at)
{
	const struct kv_row *t = find(table, w->key);
	struct err err = ERR_INIT;
	size_t offset = 0;
	unsigned long bit;

	if (!t) {
		add_unknown(table, w, at);
		return false;
	}
	bit = 1UL << (t - table);
	if (*given & bit) {
		place_error(at, w->column, "\"%s\" is given twice", t->name);
		return false;
	}
	*given |= bit;
	if (set(t, s, w->text, &offset, &err) < 0) {
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
			good = read_word(table, s, &given, &l->v[i], at) && good;
		} else {
			/* "keep = 3" is one mistake and not three */
			if (i == first || l->v[i - 1].key.p)
				add_unexpected(table, l, i, at);
			good = false;
		}
	}
	return good;
}

bool kv_row_is_given(const struct kv_row *row, const void *s)
{
	const union member m = member_of(row, (void *)s);

	switch (row->kind) {
	case KV_TEXT:
	case KV_LIST: return *m.text != NULL;
	case KV_NUMBER:
	case KV_DURATION: return *m.number >= 0;
	case KV_SIZE: return *m.size >= 0;
	case KV_YES_NO: return *m.yes_no >= 0;
	case KV_FLAG: return *m.flag;
	}
	return false;
}

bool kv_row_same(const struct kv_row *row, const void *a, const void *b)
{
	const union member m = member_of(row, (void *)a), n = member_of(row, (void *)b);

	switch (row->kind) {
	case KV_TEXT:
	case KV_LIST: return str_same(*m.text, *n.text);
	case KV_NUMBER:
	case KV_DURATION: return *m.number == *n.number;
	case KV_SIZE: return *m.size == *n.size;
	case KV_YES_NO: return *m.yes_no == *n.yes_no;
	case KV_FLAG: return *m.flag == *n.flag;
	}
	return false;
}

static void write_sorted(const char *list, struct buf *out)
{
	cleanup_by(strvec_release) struct strvec words = STRVEC_INIT;
	struct span rest = span_str(list), word;

	while (span_cut(&rest, ',', &word))
		strvec_addf(&words, "%.*s", SPAN_ARG(word));
	strvec_sort(&words);
	for (size_t i = 0; i < words.n; i++)
		buf_addf(out, "%s%s", i ? "," : "", words.v[i]);
}

void kv_row_write(const struct kv_row *row, const void *s, struct buf *out)
{
	const union member m = member_of(row, (void *)s);

	if (!kv_row_is_given(row, s))
		return;
	switch (row->kind) {
	case KV_TEXT: buf_adds(out, *m.text); break;
	case KV_LIST: write_sorted(*m.text, out); break;
	case KV_NUMBER:
	case KV_DURATION: buf_addf(out, "%ld", *m.number); break;
	case KV_SIZE: buf_addf(out, "%lld", (long long)*m.size); break;
	case KV_YES_NO: buf_adds(out, *m.yes_no ? "yes" : "no"); break;
	case KV_FLAG: buf_adds(out, row->word); break;
	}
}
