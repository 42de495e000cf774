#include "sync/conversion.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/odd_char.h"
#include "oci/base/printable.h"
#include "oci/base/str.h"
#include "oci/image/ref.h"
#include "oci/lists/lists.h"
#include "oci/lists/web_address.h"

void conversion_release(struct conversion *c)
{
	buf_release(&c->out);
	table_release(&c->seen);
	strvec_release(&c->keys);
}

/* ---- comments ---- */

__attribute__((format(printf, 3, 0))) static void add_note(struct conversion *c, size_t line,
							   const char *fmt, va_list args)
{
	char text[sizeof(((struct err *)0)->msg)];
	struct err clean;

	vsnprintf(text, sizeof(text), fmt, args);
	/* an err has no control characters: a comment is one line */
	(void)err_set(&clean, ERR_INVALID, 0, "%s:%zu: %s", c->file, line, text);
	buf_addf(&c->out, "# %s\n", clean.msg);
}

void conversion_note(struct conversion *c, size_t line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_note(c, line, fmt, args);
	va_end(args);
}

void conversion_lose_variable(struct conversion *c, size_t line, struct span text)
{
	conversion_lose(c, line, "\"%.*s\" has a variable: write what it stands for",
			SPAN_ARG(text));
}

void conversion_lose(struct conversion *c, size_t line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_note(c, line, fmt, args);
	va_end(args);
	c->lost++;
}

/* ---- lines ---- */

static bool needs_quotes(const char *value)
{
	return !*value || value[strcspn(value, " \t#\"")];
}

void conversion_option(struct buf *options, const char *name, const char *value)
{
	/* a line break would begin another line of the list */
	cleanup_free char *clean = printable_clean(xstrdup(value));

	buf_addf(options, " %s=", name);
	if (!needs_quotes(clean)) {
		buf_adds(options, clean);
		return;
	}
	buf_addc(options, '"');
	for (const char *p = clean; *p; p++) {
		/* in quotes, \ and " after a \ stand for themselves; any other \ stands */
		if (*p == '"' || (*p == '\\' && (!p[1] || p[1] == '"' || p[1] == '\\')))
			buf_addc(options, '\\');
		buf_addc(options, *p);
	}
	buf_addc(options, '"');
}

static bool has_variable(struct span ref)
{
	for (size_t i = 0; i < ref.n; i++)
		if (ref.p[i] == '$' || ref.p[i] == '{')
			return true;
	return false;
}

static struct span without_transport(struct span ref)
{
	static const char transport[] = "docker://";

	return span_starts(ref, transport)
		       ? span_of(ref.p + sizeof(transport) - 1, ref.n - sizeof(transport) + 1)
		       : ref;
}

/* Whether a list may have the line: -1 with what is wrong with it. */
static int check_line(const char *line, struct err *err)
{
	struct lists *ls = lists_new();
	int result = 0;

	lists_add(ls, "", span_str(line));
	if (ls->problems.errors)
		result = err_set(err, ERR_INVALID, 0, "%s", ls->problems.v[0].text);
	lists_free(ls);
	return result;
}

/* Adds the line, unless it is there. */
static int add_line(struct conversion *c, const struct ref *r, const char *options, struct err *err)
{
	cleanup_free char *name = ref_str(r);
	bool is_latest = !r->tag && !r->digest.str[0] && !*options;
	cleanup_free char *line = xasprintf("%s%s%s", name, is_latest ? ":latest" : "", options);
	const char *key;

	if (table_get(&c->seen, line)) {
		c->images++;
		return 0;
	}
	if (line[strcspn(line, "\r\n")])
		return err_set(err, ERR_INVALID, 0, "a line break in it");
	if (check_line(line, err) < 0)
		return -1;
	c->images++;
	key = strvec_add(&c->keys, line);
	table_put(&c->seen, key, c);
	buf_addf(&c->out, "%s\n", line);
	return 0;
}

void conversion_image(struct conversion *c, size_t line, struct span ref, const char *options)
{
	cleanup_by(ref_release) struct ref r = REF_INIT;
	struct span name = without_transport(span_trim(ref));
	cleanup_free char *advice = NULL;
	char odd[ODD_CHAR_NAME];
	struct err err;
	size_t at;

	if (buf_failed(&c->out))
		return;
	if (has_variable(name))
		conversion_lose_variable(c, line, name);
	else if (odd_char_find(name, &at, odd))
		conversion_lose(c, line, "\"%.*s\": the character %s, has no place in it",
				SPAN_ARG(name), odd);
	else if ((advice = web_address_advice(name)))
		conversion_lose(c, line, "\"%.*s\": %s", SPAN_ARG(name), advice);
	else if (ref_parse(&r, name, &err) < 0 || add_line(c, &r, options ? options : "", &err) < 0)
		conversion_lose(c, line, "\"%.*s\": %s", SPAN_ARG(name), err.msg);
}
