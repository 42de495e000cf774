#include "sync/dockerfile.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "sync/dockerfile_word.h"

static struct span trim_left(struct span s)
{
	while (s.n && (s.p[0] == ' ' || (s.p[0] >= '\t' && s.p[0] <= '\r')))
		s = span_of(s.p + 1, s.n - 1);
	return s;
}

static bool take_line(struct dockerfile *f, struct span *line)
{
	if (!span_cut(&f->rest, '\n', line))
		return false;
	f->line++;
	if (span_ends(*line, "\r"))
		line->n--;
	return true;
}

/* ---- directives ---- */

/* "# NAME = VALUE" of a name that is a directive's; false for any other line. */
static bool read_directive(struct dockerfile *f, struct span line)
{
	struct span name, value = trim_left(line);

	if (!span_starts(value, "#"))
		return false;
	value = span_of(value.p + 1, value.n - 1);
	if (!memchr(value.p, '=', value.n) || !span_cut(&value, '=', &name))
		return false;
	name = span_trim(name);
	value = span_trim(value);
	if (span_eq_nocase(name, "escape")) {
		if (span_eq(value, "`"))
			f->escape = '`';
	} else if (span_eq_nocase(name, "syntax")) {
		f->syntax = span_word(&value);
		f->syntax_line = f->line;
	} else {
		return span_eq_nocase(name, "check");
	}
	return true;
}

void dockerfile_open(struct dockerfile *f, struct span bytes)
{
	struct span before, line;

	if (span_starts(bytes, "\xef\xbb\xbf"))
		bytes = span_of(bytes.p + 3, bytes.n - 3);
	*f = (struct dockerfile){
		.escape = '\\',
		.text = BUF_INIT(LIMIT_LIST_FILE),
		.rest = bytes,
	};
	for (before = f->rest; take_line(f, &line); before = f->rest)
		if (!read_directive(f, line) && (f->line > 1 || !span_starts(line, "#!")))
			break;
	/* the first line that is none is the first of the instructions */
	if (f->rest.p != before.p) {
		f->rest = before;
		f->line--;
	}
}

void dockerfile_release(struct dockerfile *f)
{
	buf_release(&f->text);
	free(f->open);
}

/* ---- here-documents ---- */

/* Whether the instruction is one of those that may open here-documents: not in its JSON form. */
static bool may_open(struct span text)
{
	struct span word = span_word(&text), last;

	while (span_eq_nocase(word, "ONBUILD"))
		word = span_word(&text);
	if (!span_eq_nocase(word, "RUN") && !span_eq_nocase(word, "COPY") &&
	    !span_eq_nocase(word, "ADD"))
		return false;
	for (last = span_trim(text); span_starts(last, "--"); last = span_trim(text))
		span_word(&text);
	return !span_starts(last, "[") || !span_ends(last, "]");
}

/* Whether a word opens a here-document: [N]<<[-]NAME. */
static bool is_opening(struct span word, struct span *name, bool *tabs)
{
	while (word.n && word.p[0] >= '0' && word.p[0] <= '9')
		word = span_of(word.p + 1, word.n - 1);
	if (!span_starts(word, "<<"))
		return false;
	word = span_of(word.p + 2, word.n - 2);
	*tabs = span_starts(word, "-");
	*name = span_of(word.p + *tabs, word.n - *tabs);
	return name->n && !memchr(name->p, '<', name->n);
}

/* Reads to behind the line that ends it. Tabs in front of that line do not count after "<<-". */
static bool skip_text(struct dockerfile *f, const char *name, bool tabs)
{
	struct span line;

	while (take_line(f, &line)) {
		while (tabs && span_starts(line, "\t"))
			line = span_of(line.p + 1, line.n - 1);
		if (span_eq(line, name))
			return true;
	}
	return false;
}

/* A quoted name ends at the same line as one without quotes. */
static bool skip_document(struct dockerfile *f, struct span name, bool tabs)
{
	static const struct dockerfile_args none = DOCKERFILE_ARGS_INIT;
	cleanup_by(buf_release) struct buf plain = BUF_INIT(LIMIT_LIST_FILE);

	if (!dockerfile_word_expand(&none, name, &plain)) {
		buf_clear(&plain);
		buf_add(&plain, name.p, name.n);
	}
	return !plain.n || skip_text(f, plain.p, tabs);
}

static bool has_open_quote(struct span text, char escape)
{
	bool open = false;

	while (!open && dockerfile_word_cut(&text, escape, &open).n)
		continue;
	return open;
}

/* Skips the texts of all here-documents that the instruction opens, one after the other. A quote
 * that is not closed makes them no words, for BuildKit, too. */
static void skip_documents(struct dockerfile *f)
{
	struct span rest = buf_span(&f->text), word, name;
	bool open, tabs;

	if (!memmem(rest.p, rest.n, "<<", 2) || !may_open(rest) || has_open_quote(rest, f->escape))
		return;
	while ((word = dockerfile_word_cut(&rest, f->escape, &open)).n) {
		if (!is_opening(word, &name, &tabs) || skip_document(f, name, tabs))
			continue;
		f->open = xstrndup(name.p, name.n);
		f->open_line = f->first;
		return;
	}
}

/* ---- instructions ---- */

/* Takes the escape character off the end that continues the line: alone, or behind another
 * character than itself. */
static bool is_continued(const struct dockerfile *f, struct span *line)
{
	struct span s = *line;

	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	if (!s.n || s.p[s.n - 1] != f->escape || (s.n > 1 && s.p[s.n - 2] == f->escape))
		return false;
	s.n--;
	*line = s;
	return true;
}

static void read_continued_lines(struct dockerfile *f)
{
	bool more = true;
	struct span line;

	while (more && take_line(f, &line)) {
		struct span text = trim_left(line);

		if (!text.n || text.p[0] == '#')
			continue;
		more = is_continued(f, &line);
		buf_add(&f->text, line.p, line.n);
	}
}

bool dockerfile_next(struct dockerfile *f)
{
	struct span line;
	bool more;

	buf_clear(&f->text);
	do {
		if (!take_line(f, &line))
			return false;
		line = trim_left(line);
	} while (!line.n || line.p[0] == '#');
	f->first = f->line;
	more = is_continued(f, &line);
	buf_add(&f->text, line.p, line.n);
	if (more)
		read_continued_lines(f);
	skip_documents(f);
	return true;
}
