/*
 * The images of a Dockerfile (docs.docker.com, "Dockerfile reference"): comments and continued
 * lines are read as docker does; a variable is replaced where an ARG in front of the first FROM
 * gives its default, since only those count in a FROM.
 */
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/str.h"
#include "sync/convert_forms.h"

#define WORD_MAX 1024

struct dockerfile {
	struct conversion *c;
	struct strvec args;   /* "NAME=default" of those in front of the first FROM */
	struct strvec stages; /* names of stages */
	size_t nstages;
	size_t line; /* where the instruction begins */
};

/* ---- variables ---- */

static const char *arg_value(const struct dockerfile *f, struct span name)
{
	for (size_t i = f->args.n; i > 0; i--) {
		const char *arg = f->args.v[i - 1];

		if (strncmp(arg, name.p, name.n) == 0 && arg[name.n] == '=')
			return arg + name.n + 1;
	}
	return NULL;
}

static bool is_name(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* What a variable at the front of *rest stands for: $NAME, ${NAME} or ${NAME:-default}. *rest then
 * begins behind it. NULL when nothing says what it stands for; text is a buffer for a default. */
static const char *take_variable(const struct dockerfile *f, struct span *rest,
				 char text[static WORD_MAX])
{
	bool braces = rest->n > 1 && rest->p[1] == '{';
	size_t from = braces ? 2 : 1, n = from;
	const char *value, *end;
	struct span name;

	while (n < rest->n && is_name(rest->p[n]))
		n++;
	name = span_of(rest->p + from, n - from);
	value = arg_value(f, name);
	if (!braces) {
		*rest = span_of(rest->p + n, rest->n - n);
		return value;
	}
	end = memchr(rest->p, '}', rest->n);
	if (!end || (size_t)(end - rest->p) - n >= WORD_MAX)
		return NULL;
	if (!value && rest->p[n] == ':' && rest->p[n + 1] == '-') {
		size_t length = (size_t)(end - rest->p) - n - 2;

		memcpy(text, rest->p + n + 2, length);
		text[length] = '\0';
		value = text;
	}
	*rest = span_of(end + 1, rest->n - (size_t)(end + 1 - rest->p));
	return value;
}

/* The word with its variables replaced, as far as that can be done. */
static void expand_word(const struct dockerfile *f, struct span word, struct buf *out)
{
	char text[WORD_MAX];

	while (word.n) {
		struct span rest = word;
		const char *value = word.p[0] == '$' ? take_variable(f, &rest, text) : NULL;

		if (value) {
			buf_adds(out, value);
			word = rest;
		} else {
			buf_addc(out, word.p[0]);
			word = span_of(word.p + 1, word.n - 1);
		}
	}
}

/* ---- instructions ---- */

static bool is_stage(const struct dockerfile *f, struct span name)
{
	for (size_t i = 0; i < f->stages.n; i++)
		if (span_eq_nocase(name, f->stages.v[i]))
			return true;
	return span_number(name, 100000) >= 0;
}

static void add_image(struct dockerfile *f, struct span word, const char *options)
{
	cleanup_by(buf_release) struct buf name = BUF_INIT(WORD_MAX);

	expand_word(f, word, &name);
	if (!buf_failed(&name) && !is_stage(f, buf_span(&name)) &&
	    !span_eq(buf_span(&name), "scratch") && name.n)
		conversion_image(f->c, f->line, buf_span(&name), options);
}

/* FROM [--platform=P] IMAGE [AS NAME] */
static void read_from(struct dockerfile *f, struct span rest)
{
	cleanup_by(buf_release) struct buf options = BUF_INIT(WORD_MAX);
	cleanup_by(buf_release) struct buf platform = BUF_INIT(WORD_MAX);
	struct span word = span_word(&rest);

	for (; span_starts(word, "--"); word = span_word(&rest)) {
		if (!span_starts(word, "--platform="))
			continue;
		expand_word(f, span_of(word.p + 11, word.n - 11), &platform);
		/* $BUILDPLATFORM is the machine that builds: any */
		if (platform.n && platform.p[0] != '$')
			conversion_option(&options, "platform", platform.p);
	}
	add_image(f, word, options.p);
	if (span_eq_nocase(span_word(&rest), "as")) {
		word = span_word(&rest);
		strvec_addf(&f->stages, "%.*s", SPAN_ARG(word));
	}
	f->nstages++;
}

/* ARG NAME=default ... */
static void read_arg(struct dockerfile *f, struct span rest)
{
	struct span word;

	while (!f->nstages && (word = span_word(&rest)).n) {
		cleanup_by(buf_release) struct buf value = BUF_INIT(WORD_MAX);
		const char *equals = memchr(word.p, '=', word.n);
		size_t at = equals ? (size_t)(equals - word.p) + 1 : word.n;
		struct span text = span_of(word.p + at, word.n - at);

		if (text.n > 1 && (text.p[0] == '"' || text.p[0] == '\'') &&
		    text.p[text.n - 1] == text.p[0])
			text = span_of(text.p + 1, text.n - 2);
		expand_word(f, text, &value);
		if (equals && value.n)
			strvec_addf(&f->args, "%.*s%s", (int)at, word.p, value.p);
	}
}

/* COPY --from=IMAGE ..., RUN --mount=type=bind,from=IMAGE,... */
static void read_options(struct dockerfile *f, struct span rest)
{
	struct span word, part;

	while (span_starts(word = span_word(&rest), "--")) {
		if (span_starts(word, "--from="))
			add_image(f, span_of(word.p + 7, word.n - 7), NULL);
		if (!span_starts(word, "--mount="))
			continue;
		word = span_of(word.p + 8, word.n - 8);
		while (span_cut(&word, ',', &part))
			if (span_starts(part, "from="))
				add_image(f, span_of(part.p + 5, part.n - 5), NULL);
	}
}

static void read_instruction(struct dockerfile *f, struct span text)
{
	struct span word = span_word(&text);

	if (span_eq_nocase(word, "FROM"))
		read_from(f, text);
	else if (span_eq_nocase(word, "ARG"))
		read_arg(f, text);
	else if (span_eq_nocase(word, "COPY") || span_eq_nocase(word, "RUN"))
		read_options(f, text);
}

/* "# syntax=docker/dockerfile:1" in front of everything else: the build pulls it, too. */
static void read_comment(struct dockerfile *f, struct span text, bool at_front)
{
	struct span rest = span_trim(span_of(text.p + 1, text.n - 1));

	if (at_front && span_starts(rest, "syntax="))
		add_image(f, span_trim(span_of(rest.p + 7, rest.n - 7)), NULL);
}

void convert_dockerfile(struct conversion *c, struct span bytes)
{
	cleanup_by(buf_release) struct buf whole = BUF_INIT(LIMIT_LIST_FILE);
	struct dockerfile f = { .c = c, .args = STRVEC_INIT, .stages = STRVEC_INIT };
	bool at_front = true;
	struct span text;

	for (size_t line = 1; span_cut(&bytes, '\n', &text); line++) {
		text = span_trim(span_ends(text, "\r") ? span_of(text.p, text.n - 1) : text);
		if (!whole.n)
			f.line = line;
		if (!text.n)
			continue;
		if (text.p[0] == '#') {
			read_comment(&f, text, at_front);
			continue;
		}
		at_front = false;
		buf_add(&whole, text.p, text.n);
		if (span_ends(text, "\\")) {
			whole.p[whole.n - 1] = ' ';
			continue;
		}
		read_instruction(&f, buf_span(&whole));
		buf_clear(&whole);
	}
	read_instruction(&f, buf_span(&whole));
	strvec_release(&f.args);
	strvec_release(&f.stages);
}
