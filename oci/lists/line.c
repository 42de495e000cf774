#include "oci/lists/line.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/odd_char.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The number of characters: in UTF-8 every byte but 10xxxxxx begins one. */
static int count_chars(struct span text)
{
	int n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

/* Inside quotes: whether the backslash at i is one of the two escapes. */
static bool is_escape(struct span s, size_t i)
{
	return s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\');
}

int line_column(const struct line_word *w, size_t offset)
{
	size_t i = 0;

	if (!w->raw.n || w->raw.p[0] != '"')
		return w->value_column + count_chars(span_of(w->raw.p, offset));
	for (i = 1; offset && i < w->raw.n; offset--)
		i += is_escape(w->raw, i) ? 2 : 1;
	return w->value_column + count_chars(span_of(w->raw.p, i));
}

struct cursor {
	struct span text;
	size_t at;
	int *column; /* gets the place of an error */
};

static int refuse_line(const struct cursor *c, size_t at, struct err *err, const char *msg)
{
	*c->column = 1 + count_chars(span_of(c->text.p, at));
	return err_set(err, ERR_USAGE, 0, "%s", msg);
}

static bool word_ends(const struct cursor *c)
{
	return c->at == c->text.n || is_blank(c->text.p[c->at]);
}

static int take_quoted(struct line *l, struct cursor *c, struct line_word *w, struct err *err)
{
	const size_t start = c->at++;
	char *to = l->unquoted + l->used;

	w->text = span_of(to, 0);
	for (; c->at < c->text.n && c->text.p[c->at] != '"'; c->at++) {
		if (is_escape(c->text, c->at))
			c->at++;
		to[w->text.n++] = c->text.p[c->at];
	}
	if (c->at == c->text.n)
		return refuse_line(c, start, err, "a quote is opened and not closed");
	c->at++;
	l->used += w->text.n;
	w->raw = span_of(c->text.p + start, c->at - start);
	if (!word_ends(c))
		return refuse_line(c, c->at, err, "a blank is missing after the closing quote");
	return 0;
}

static int take_plain(struct cursor *c, struct line_word *w, struct err *err)
{
	const size_t start = c->at;

	for (; !word_ends(c); c->at++)
		if (c->text.p[c->at] == '"')
			return refuse_line(
				c, c->at, err,
				"a quote can only stand around a whole value: key=\"...\"");
	w->raw = w->text = span_of(c->text.p + start, c->at - start);
	return 0;
}

static void take_key(struct cursor *c, struct line_word *w)
{
	size_t end = c->at;

	while (end < c->text.n && !is_blank(c->text.p[end]) && !strchr("=\"", c->text.p[end]))
		end++;
	if (end == c->at || end == c->text.n || c->text.p[end] != '=')
		return;
	w->key = span_of(c->text.p + c->at, end - c->at);
	c->at = end + 1;
}

static int take_word(struct line *l, struct cursor *c, struct err *err)
{
	struct line_word *w = &l->v[l->n];

	if (l->n == LINE_WORDS)
		return refuse_line(c, c->at, err, "too many words in a line");
	*w = (struct line_word){ .key = { .p = NULL } };
	w->column = 1 + count_chars(span_of(c->text.p, c->at));
	take_key(c, w);
	w->value_column = 1 + count_chars(span_of(c->text.p, c->at));
	l->n++;
	if (w->key.p && c->at < c->text.n && c->text.p[c->at] == '"')
		return take_quoted(l, c, w, err);
	return take_plain(c, w, err);
}

int line_parse(struct line *l, struct span text, int *column, struct err *err)
{
	struct cursor c = { .text = text, .column = column };

	l->n = l->used = 0;
	if (text.n > LIMIT_LIST_LINE) {
		*column = 1;
		return err_set(err, ERR_USAGE, 0, "a line of %zu bytes; at most %d are read",
			       text.n, LIMIT_LIST_LINE);
	}
	while (true) {
		while (c.at < text.n && is_blank(text.p[c.at]))
			c.at++;
		if (c.at == text.n || text.p[c.at] == '#')
			return 0;
		if (take_word(l, &c, err) < 0)
			return -1;
	}
}

const struct line_word *line_find(const struct line *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].key.p && span_eq(l->v[i].key, key))
			return &l->v[i];
	return NULL;
}

bool line_has_odd_char(const struct line_word *w, struct span part, const struct place *at)
{
	bool in_text = part.p == w->text.p;
	char name[ODD_CHAR_NAME];
	size_t offset;

	if (!odd_char_find(part, &offset, name))
		return false;
	place_error(
		at,
		in_text ? line_column(w, offset) : w->column + count_chars(span_of(part.p, offset)),
		"the character %s, has no place in \"%.*s\": type it anew", name, SPAN_ARG(part));
	return true;
}

/* The offset of the first byte that does not belong in a text file, or s.n. */
static size_t text_length(struct span s)
{
	size_t i = 0;

	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		size_t n = span_utf8(span_of(s.p + i, s.n - i));

		if (!n || c == 0x7f || (c < 0x20 && c != '\t'))
			break;
		i += n;
	}
	return i;
}

/* Adds an error when the line is not text. The caller stops then: an archive, a picture or UTF-16
 * would give an error for each of its lines. */
static bool is_text(const struct place *at, struct span line)
{
	size_t good = text_length(line);

	if (good == line.n)
		return true;
	problem_add(at->problems, false, at->file, at->line, 1 + count_chars(span_of(line.p, good)),
		    "byte 0x%02x is not text (UTF-8 without control characters): the rest of the "
		    "file is not read",
		    (unsigned char)line.p[good]);
	return false;
}

void line_each(struct problems *problems, const char *file, struct span bytes,
	       void (*each)(const struct line *l, const struct place *at, void *arg), void *arg)
{
	cleanup_free struct line *l = xmalloc(sizeof(*l));
	struct place at = { .problems = problems, .file = file, .line = 0 };
	struct span text;

	if (bytes.n > LIMIT_LIST_FILE) {
		problem_add(problems, false, file, 0, 0, "is larger than %lu MiB",
			    LIMIT_LIST_FILE / MIB);
		return;
	}
	if (span_starts(bytes, "\xef\xbb\xbf"))
		bytes = span_of(bytes.p + 3, bytes.n - 3);
	while (span_cut(&bytes, '\n', &text)) {
		struct err err = ERR_INIT;
		int column = 1;

		at.line++;
		if (span_ends(text, "\r"))
			text.n--;
		if (!is_text(&at, text))
			return;
		if (line_parse(l, text, &column, &err) < 0)
			problem_add(problems, false, file, at.line, column, "%s", err.msg);
		else if (l->n)
			each(l, &at, arg);
	}
}
