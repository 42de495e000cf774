#include "oci/cli/cli_opt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/printable.h"
#include "oci/base/suggest.h"

void cli_table_add(struct cli_table *table, const struct cli_opt *rows, size_t n)
{
	assert(table->n + n <= CLI_TABLE_MAX);
	memcpy(table->rows + table->n, rows, n * sizeof(*rows));
	table->n += n;
}

const struct cli_opt cli_opt_common[] = {
	{ .name = "help", .help = "show this and stop" },
	{ .name = "version", .help = "show the version and stop" },
	CLI_OPT_END,
};

static const struct cli_opt *find_option(const struct cli_program *p, struct span name)
{
	for (const struct cli_opt *o = p->options; o->name; o++)
		if (span_eq(name, o->name))
			return o;
	return NULL;
}

static int unknown_option(const struct cli_program *p, struct span name, struct err *err)
{
	const char *known[CLI_TABLE_MAX + 3] = { "help", "version" }, *near;
	char word[41];
	size_t n = 2;

	for (const struct cli_opt *o = p->options; o->name && n < CLI_TABLE_MAX + 2; o++)
		known[n++] = o->name;
	snprintf(word, sizeof(word), "%.*s", SPAN_ARG(name));
	near = suggest_word(name, known);
	if (near)
		return err_set(err, ERR_USAGE, 0,
			       "unknown option \"--%s\" (did you mean \"--%s\"?)", word, near);
	return err_set(err, ERR_USAGE, 0, "unknown option \"--%s\" (--help lists them)", word);
}

enum value_kind cli_opt_kind(const struct cli_opt *o)
{
	if (o->list)
		return VALUE_LIST;
	if (o->number)
		return VALUE_NUMBER;
	if (o->duration)
		return VALUE_DURATION;
	if (o->size)
		return VALUE_SIZE;
	if (o->byte_rate)
		return VALUE_BYTE_RATE;
	if (o->choice)
		return VALUE_CHOICE;
	return o->flag ? VALUE_FLAG : VALUE_TEXT;
}

/* The member that the row sets. */
static void *member_of(const struct cli_opt *o)
{
	switch (cli_opt_kind(o)) {
	case VALUE_TEXT: return o->to;
	case VALUE_LIST: return o->list;
	case VALUE_NUMBER: return o->number;
	case VALUE_DURATION: return o->duration;
	case VALUE_SIZE: return o->size;
	case VALUE_BYTE_RATE: return o->byte_rate;
	case VALUE_RATE:
	case VALUE_SHARE:
	case VALUE_YES_NO:
	case VALUE_CHOICE: return o->choice;
	case VALUE_FLAG: return o->flag;
	}
	return NULL;
}

/* A value that cannot be read; `at` is the offset of the fault, and *err says what value_read()
 * did. */
static int wrong_value(const struct cli_opt *o, const char *value, size_t at, struct err *err)
{
	enum value_kind kind = cli_opt_kind(o);
	cleanup_free char *words = NULL;
	struct span rest = span_str(value + at), word;

	if (kind == VALUE_NUMBER)
		return err_set(err, ERR_USAGE, 0, "--%s takes a number from %ld to %ld, not \"%s\"",
			       o->name, o->min, o->max, value);
	if (!o->words)
		return err_wrap(err, "--%s", o->name);
	words = value_join(o->words);
	if (kind == VALUE_CHOICE)
		return err_set(err, ERR_USAGE, 0, "--%s is one of %s, not \"%s\"", o->name, words,
			       value);
	span_cut(&rest, ',', &word);
	return err_set(err, ERR_USAGE, 0, "--%s takes a list of %s, not \"%.*s\"", o->name, words,
		       SPAN_ARG(word));
}

static int add_text(const struct cli_opt *o, const char *value, struct err *err)
{
	if (o->texts->n == CLI_TEXTS_MAX)
		return err_set(err, ERR_USAGE, 0, "--%s is given more than %d times", o->name,
			       CLI_TEXTS_MAX);
	o->texts->v[o->texts->n++] = value;
	return 0;
}

static int set_value(const struct cli_opt *o, const char *value, struct err *err)
{
	const struct value_rule rule = {
		.kind = cli_opt_kind(o),
		.min = o->min,
		.max = o->max,
		.words = o->words,
	};
	void *member = member_of(o);
	size_t at;

	if (!value[0] && rule.kind != VALUE_NUMBER)
		return err_set(err, ERR_USAGE, 0, "--%s has an empty value", o->name);
	if (o->texts)
		return add_text(o, value, err);
	if (value_read(&rule, span_str(value), member, &at, err) < 0)
		return wrong_value(o, value, at, err);
	if (value_is_text(rule.kind))
		*(const char **)member = value;
	return 0;
}

/* The options that stop everything else, and what cli_opt_parse() gives for each. */
static int result_of(struct span name)
{
	static const struct {
		const char *name;
		int result;
	} known[] = {
		{ "help", CLI_OPT_HELP },
		{ "version", CLI_OPT_VERSION },
		{ "man", CLI_OPT_MAN },
		{ "completion", CLI_OPT_COMPLETION },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_eq(name, known[i].name))
			return known[i].result;
	return CLI_OPT_GO;
}

/* Notes that the row is given: a second value would hide the first. */
static int note_given(const struct cli_program *p, const struct cli_opt *o, bool *given,
		      struct err *err)
{
	size_t row = (size_t)(o - p->options);

	assert(row < CLI_TABLE_MAX);
	if (given[row] && o->value && !o->texts)
		return err_set(err, ERR_USAGE, 0,
			       "--%s is given twice: only one value can count, so remove the other",
			       o->name);
	given[row] = true;
	return 0;
}

/* One --name, --name=value or --name value; *i moves over a value that is a word of its own.
 * `given` has a member for each row. */
static int take_option(const struct cli_program *p, int argc, char **argv, int *i, bool *given,
		       struct err *err)
{
	const char *text = argv[*i] + 2, *equals = strchr(text, '=');
	struct span name = equals ? span_of(text, (size_t)(equals - text)) : span_str(text);
	const struct cli_opt *o = find_option(p, name);
	int result = result_of(name);

	if (result != CLI_OPT_GO)
		return result;
	if (!o)
		return unknown_option(p, name, err);
	if (!o->value && equals)
		return err_set(err, ERR_USAGE, 0, "--%s takes no value", o->name);
	if (note_given(p, o, given, err) < 0)
		return -1;
	if (!o->value) {
		*o->flag = true;
		return CLI_OPT_GO;
	}
	if (equals)
		return set_value(o, equals + 1, err);
	if (*i + 1 >= argc)
		return err_set(err, ERR_USAGE, 0, "--%s needs a value: --%s %s", o->name, o->name,
			       o->value);
	return set_value(o, argv[++*i], err);
}

int cli_opt_parse(const struct cli_program *p, int argc, char **argv, char ***words, size_t *n,
		  struct err *err)
{
	bool own[CLI_TABLE_MAX] = { false }, *given = p->given ? p->given : own;
	size_t kept = 0;
	bool options = true;

	for (int i = 1; i < argc; i++) {
		char *arg = argv[i];
		int r;

		if (!options || arg[0] != '-' || !arg[1]) {
			argv[1 + kept++] = arg;
		} else if (strcmp(arg, "--") == 0) {
			options = false;
		} else if (arg[1] != '-') {
			return err_set(err, ERR_USAGE, 0,
				       "unknown option \"%s\" (options are --long)", arg);
		} else {
			r = take_option(p, argc, argv, &i, given, err);
			if (r != CLI_OPT_GO)
				return r;
		}
	}
	*words = argv + 1;
	*n = kept;
	return CLI_OPT_GO;
}

int cli_opt_check_text(const char *option, const char *text, size_t max, struct err *err)
{
	struct span rest = span_str(text ? text : "");
	size_t n;

	if (rest.n > max)
		return err_set(err, ERR_USAGE, 0, "--%s has %zu bytes, more than the %zu allowed",
			       option, rest.n, max);
	for (; rest.n; rest = span_of(rest.p + n, rest.n - n)) {
		n = span_utf8(rest);
		if (!n)
			return err_set(err, ERR_USAGE, 0, "--%s is not UTF-8", option);
		if (!printable_length(rest))
			return err_set(err, ERR_USAGE, 0,
				       "--%s is one line without control characters", option);
	}
	return 0;
}
