#include "sync/dockerfile_word.h"

#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"

/* Variables within the default of a variable, and so on. */
#define NESTING_MAX 16

struct word_reader {
	const struct dockerfile_args *args;
	struct span rest;
	int depth;
	bool unknown; /* something was read that has no known value */
};

/* ---- characters ---- */

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
	return c == '_' || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool next_is(const struct word_reader *r, char c)
{
	return r->rest.n && r->rest.p[0] == c;
}

static char take_char(struct word_reader *r)
{
	char c = r->rest.p[0];

	r->rest = span_of(r->rest.p + 1, r->rest.n - 1);
	return c;
}

static bool skip_char(struct word_reader *r, char c)
{
	if (!next_is(r, c))
		return false;
	take_char(r);
	return true;
}

/* ---- values ---- */

void dockerfile_args_release(struct dockerfile_args *a)
{
	strvec_release(&a->set);
}

void dockerfile_args_add(struct dockerfile_args *a, struct span word)
{
	cleanup_by(buf_release) struct buf value = BUF_INIT(LIMIT_LIST_LINE);
	const char *equals = memchr(word.p, '=', word.n);
	size_t at = equals ? (size_t)(equals - word.p) : word.n;

	if (!equals || a->full)
		return;
	a->full = a->set.n == LIMIT_DOCKERFILE_ARGS;
	if (dockerfile_word_expand(a, span_of(equals + 1, word.n - at - 1), &value))
		strvec_addf(&a->set, "%.*s=%s", (int)at, word.p, value.p);
	else
		strvec_addf(&a->set, "%.*s", (int)at, word.p);
}

static bool is_set_by_builder(struct span name)
{
	static const char *const names[] = {
		"TARGETPLATFORM", "TARGETOS",    "TARGETOSVERSION", "TARGETARCH",
		"TARGETVARIANT",  "TARGETSTAGE", "BUILDPLATFORM",   "BUILDOS",
		"BUILDOSVERSION", "BUILDARCH",   "BUILDVARIANT",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_eq(name, names[i]))
			return true;
	return false;
}

/* Its value; "" with *set or without. */
static const char *value_of(const struct dockerfile_args *a, struct span name, bool *set,
			    bool *unknown)
{
	*set = *unknown = a->full || is_set_by_builder(name);
	if (a->full)
		return "";
	for (size_t i = a->set.n; i > 0; i--) {
		const char *arg = a->set.v[i - 1];

		if (strncmp(arg, name.p, name.n) != 0 || (arg[name.n] && arg[name.n] != '='))
			continue;
		*set = true;
		*unknown = !arg[name.n];
		return *unknown ? "" : arg + name.n + 1;
	}
	return "";
}

/* ---- reading ---- */

static bool expand_until(struct word_reader *r, int stop, struct buf *out);

static struct span take_name(struct word_reader *r)
{
	size_t n = 0;

	while (n < r->rest.n && is_name_char(r->rest.p[n]) && !(n == 0 && is_digit(r->rest.p[0])))
		n++;
	r->rest = span_of(r->rest.p + n, r->rest.n - n);
	return span_of(r->rest.p - n, n);
}

static void add_value(struct word_reader *r, struct span name, struct buf *out)
{
	bool set, unknown;
	const char *value = value_of(r->args, name, &set, &unknown);

	r->unknown |= unknown || !set;
	buf_adds(out, value);
}

/* What stands behind the name in ${NAME:-WORD}: the rest begins with "-", "+" or "?". */
static bool expand_choice(struct word_reader *r, struct span name, bool empty_is_unset,
			  struct buf *out)
{
	cleanup_by(buf_release) struct buf word = BUF_INIT(LIMIT_LIST_LINE);
	bool outer = r->unknown, word_unknown, set, unknown;
	const char *value = value_of(r->args, name, &set, &unknown);
	char op = take_char(r);

	if (!expand_until(r, '}', &word))
		return false;
	word_unknown = r->unknown || buf_failed(&word);
	r->unknown = outer || unknown;
	if (empty_is_unset && !*value)
		set = false;
	if (set == (op == '+')) {
		buf_adds(out, word.p);
		r->unknown |= word_unknown || (!set && op == '?');
	} else if (set) {
		buf_adds(out, value);
	}
	return true;
}

/* A "$" has been taken. False for what is not replaced. */
static bool expand_variable(struct word_reader *r, struct buf *out)
{
	bool braces = skip_char(r, '{'), empty_is_unset;
	struct span name = take_name(r);

	if (!name.n)
		return false;
	if (!braces || skip_char(r, '}')) {
		add_value(r, name, out);
		return true;
	}
	empty_is_unset = skip_char(r, ':');
	if (!next_is(r, '-') && !next_is(r, '+') && !next_is(r, '?'))
		return false;
	return expand_choice(r, name, empty_is_unset, out);
}

static bool expand_double_quotes(struct word_reader *r, struct buf *out)
{
	const char escape = r->args->escape;

	while (!skip_char(r, '"')) {
		char c;

		if (!r->rest.n)
			return false;
		c = take_char(r);
		if (c == '$') {
			if (!expand_variable(r, out))
				return false;
			continue;
		}
		if (c == escape && (next_is(r, '"') || next_is(r, '$') || next_is(r, escape)))
			c = take_char(r);
		buf_addc(out, c);
	}
	return true;
}

static bool take_single_quotes(struct word_reader *r, struct buf *out)
{
	while (!skip_char(r, '\'')) {
		if (!r->rest.n)
			return false;
		buf_addc(out, take_char(r));
	}
	return true;
}

static bool expand_one(struct word_reader *r, struct buf *out)
{
	char c = take_char(r);

	if (c == '$')
		return expand_variable(r, out);
	if (c == '"')
		return expand_double_quotes(r, out);
	if (c == '\'')
		return take_single_quotes(r, out);
	if (c != r->args->escape)
		buf_addc(out, c);
	else if (r->rest.n)
		buf_addc(out, take_char(r));
	return true;
}

/* Reads to behind the character `stop`, or to the end when that is -1. */
static bool expand_until(struct word_reader *r, int stop, struct buf *out)
{
	if (++r->depth > NESTING_MAX)
		return false;
	while (r->rest.n && r->rest.p[0] != stop)
		if (!expand_one(r, out))
			return false;
	r->depth--;
	return stop < 0 || skip_char(r, (char)stop);
}

bool dockerfile_word_expand(const struct dockerfile_args *a, struct span word, struct buf *out)
{
	struct word_reader r = { .args = a, .rest = word };

	return expand_until(&r, -1, out) && !r.unknown && !buf_failed(out);
}

struct span dockerfile_word_cut(struct span *rest, char escape, bool *open)
{
	size_t from = 0, n;
	char quote = '\0';

	while (from < rest->n && is_blank(rest->p[from]))
		from++;
	for (n = from; n < rest->n && (quote || !is_blank(rest->p[n])); n++) {
		char c = rest->p[n];

		if (c == escape && quote != '\'' && n + 1 < rest->n)
			n++;
		else if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? '\0' : c;
	}
	*open = quote != '\0';
	rest->p += n;
	rest->n -= n;
	return span_of(rest->p - (n - from), n - from);
}
