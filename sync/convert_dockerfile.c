/*
 * The images of a Dockerfile: of FROM, COPY --from=, RUN --mount=from= and "# syntax=". A variable
 * is replaced where an ARG in front of the first FROM gives its default, since only those count in
 * a FROM.
 */
#include <ctype.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "sync/convert_forms.h"
#include "sync/dockerfile.h"
#include "sync/dockerfile_word.h"

struct stages {
	struct conversion *c;
	struct dockerfile_args args; /* of the ARGs in front of the first FROM */
	struct strvec names;         /* in lower case, as they are compared */
	struct table by_name;
	size_t n;
	size_t line;  /* where the instruction begins */
	bool trigger; /* it is behind ONBUILD: part of the builds that use this image */
};

static char *lower_case(struct span name)
{
	char *key = xstrndup(name.p, name.n);

	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return key;
}

static void add_stage(struct stages *s, struct span name)
{
	const char *key = strvec_add_owned(&s->names, lower_case(name));

	table_put(&s->by_name, key, s);
}

static bool is_stage(const struct stages *s, struct span name)
{
	cleanup_free char *key = lower_case(name);

	return table_get(&s->by_name, key) || span_number(name, 100000) >= 0;
}

static void add_image(struct stages *s, struct span word, const char *options)
{
	cleanup_by(buf_release) struct buf name = BUF_INIT(LIMIT_LIST_LINE);

	if (!word.n)
		return;
	if (!dockerfile_word_expand(&s->args, word, &name))
		conversion_lose_variable(s->c, s->line, word);
	else if (!name.n)
		conversion_lose(s->c, s->line, "\"%.*s\" is empty: write the image",
				SPAN_ARG(word));
	else if (!is_stage(s, buf_span(&name)) && !span_eq(buf_span(&name), "scratch"))
		conversion_image(s->c, s->line, buf_span(&name), options);
}

/* An image or a stage that an option names. Behind ONBUILD, a plain name is mostly a stage of the
 * build that uses the image. */
static void add_origin(struct stages *s, struct span word)
{
	bool plain = true;

	for (size_t i = 0; i < word.n; i++)
		plain = plain && !memchr("/:@$.\"'", word.p[i], 7);
	if (s->trigger && plain && word.n && !is_stage(s, word))
		conversion_lose(s->c, s->line,
				"\"%.*s\" is a stage of the build that uses this image, or an "
				"image: write a line if it is one",
				SPAN_ARG(word));
	else
		add_image(s, word, NULL);
}

/* The platform of the machine that builds, or of what is built, is any. */
static void add_platform(struct stages *s, struct span word, struct buf *options)
{
	cleanup_by(buf_release) struct buf platform = BUF_INIT(LIMIT_LIST_LINE);

	if (dockerfile_word_expand(&s->args, word, &platform)) {
		if (platform.n)
			conversion_option(options, "platform", platform.p);
	} else if (!memmem(word.p, word.n, "BUILDPLATFORM", 13) &&
		   !memmem(word.p, word.n, "TARGETPLATFORM", 14)) {
		conversion_note(s->c, s->line, "the platform \"%.*s\" has a variable: left out",
				SPAN_ARG(word));
	}
}

/* FROM [--platform=P] IMAGE [AS NAME] */
static void read_from(struct stages *s, struct span rest)
{
	cleanup_by(buf_release) struct buf options = BUF_INIT(LIMIT_LIST_LINE);
	struct span word = span_word(&rest);

	for (; span_starts(word, "--"); word = span_word(&rest))
		if (span_starts(word, "--platform="))
			add_platform(s, span_of(word.p + 11, word.n - 11), &options);
	add_image(s, word, options.p);
	if (s->trigger)
		return;
	if (span_eq_nocase(span_word(&rest), "as"))
		add_stage(s, span_word(&rest));
	s->n++;
}

/* ARG NAME=default ... */
static void read_arg(struct stages *s, struct span rest)
{
	struct span word;
	bool open;

	while (!s->n && !s->trigger && (word = dockerfile_word_cut(&rest, s->args.escape, &open)).n)
		dockerfile_args_add(&s->args, word);
}

/* type=bind,from=IMAGE,... */
static void read_mount(struct stages *s, struct span fields)
{
	struct span part, key;

	while (span_cut(&fields, ',', &part))
		if (memchr(part.p, '=', part.n) && span_cut(&part, '=', &key) &&
		    span_eq_nocase(span_trim(key), "from"))
			add_origin(s, part);
}

/* The text without quotes around all of it. */
static struct span without_quotes(struct span text)
{
	if (text.n > 1 && (text.p[0] == '"' || text.p[0] == '\'') &&
	    text.p[text.n - 1] == text.p[0])
		return span_of(text.p + 1, text.n - 2);
	return text;
}

/* COPY --from=IMAGE ..., RUN --mount=type=bind,from=IMAGE,... */
static void read_options(struct stages *s, struct span rest)
{
	struct span word;
	bool open;

	while (span_starts(word = dockerfile_word_cut(&rest, s->args.escape, &open), "--"))
		if (span_starts(word, "--from="))
			add_origin(s, without_quotes(span_of(word.p + 7, word.n - 7)));
		else if (span_starts(word, "--mount="))
			read_mount(s, without_quotes(span_of(word.p + 8, word.n - 8)));
}

static void read_instruction(struct stages *s, struct span text)
{
	struct span word = span_word(&text);

	s->trigger = span_eq_nocase(word, "ONBUILD");
	while (span_eq_nocase(word, "ONBUILD"))
		word = span_word(&text);
	if (span_eq_nocase(word, "FROM"))
		read_from(s, text);
	else if (span_eq_nocase(word, "ARG"))
		read_arg(s, text);
	else if (span_eq_nocase(word, "COPY") || span_eq_nocase(word, "RUN"))
		read_options(s, text);
}

void convert_dockerfile(struct conversion *c, struct span bytes)
{
	cleanup_by(dockerfile_release) struct dockerfile f;
	struct stages s = { .c = c, .args = DOCKERFILE_ARGS_INIT, .names = STRVEC_INIT };

	dockerfile_open(&f, bytes);
	s.args.escape = f.escape;
	s.line = f.syntax_line;
	add_image(&s, f.syntax, NULL);
	while (dockerfile_next(&f)) {
		s.line = f.first;
		read_instruction(&s, buf_span(&f.text));
	}
	if (f.open)
		conversion_lose(c, f.open_line,
				"\"<<%s\" has no end: nothing behind it was read for images",
				f.open);
	dockerfile_args_release(&s.args);
	table_release(&s.by_name);
	strvec_release(&s.names);
}
