#include "oci/cli/cli_opt.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/err.h"
#include "oci/base/span.h"
#include "oci/base/suggest.h"

#define MAX_OPTIONS 64
#define EXAMPLE     2 /* blanks in front of an example, in --help */

static const struct cli_opt *find(const struct cli_program *p, struct span name)
{
	for (const struct cli_opt *o = p->options; o->name; o++)
		if (span_eq(name, o->name))
			return o;
	return NULL;
}

static int unknown(const struct cli_program *p, struct span name, struct err *err)
{
	const char *known[MAX_OPTIONS + 3] = { "help", "version" }, *near;
	char word[41];
	size_t n = 2;

	for (const struct cli_opt *o = p->options; o->name && n < MAX_OPTIONS + 2; o++)
		known[n++] = o->name;
	snprintf(word, sizeof(word), "%.*s", SPAN_ARG(name));
	near = suggest_word(name, known);
	if (near)
		return err_set(err, ERR_USAGE, 0,
			       "unknown option \"--%s\" (did you mean \"--%s\"?)", word, near);
	return err_set(err, ERR_USAGE, 0, "unknown option \"--%s\" (--help lists them)", word);
}

static int set_number(const struct cli_opt *o, const char *value, struct err *err)
{
	long long n = span_number(span_str(value), o->max);

	if (n < 0 || n < o->min)
		return err_set(err, ERR_USAGE, 0, "--%s takes a number from %ld to %ld, not \"%s\"",
			       o->name, o->min, o->max, value);
	*o->number = (long)n;
	return 0;
}

static int set_value(const struct cli_opt *o, const char *value, struct err *err)
{
	if (o->number)
		return set_number(o, value, err);
	if (!value[0])
		return err_set(err, ERR_USAGE, 0, "--%s has an empty value", o->name);
	*o->to = value;
	return 0;
}

/* One --name, --name=value or --name value; *i moves over a value that is a word of its own. */
static int take_option(const struct cli_program *p, int argc, char **argv, int *i, struct err *err)
{
	const char *text = argv[*i] + 2, *equals = strchr(text, '=');
	struct span name = equals ? span_of(text, (size_t)(equals - text)) : span_str(text);
	const struct cli_opt *o = find(p, name);

	if (span_eq(name, "help"))
		return CLI_OPT_HELP;
	if (span_eq(name, "version"))
		return CLI_OPT_VERSION;
	if (span_eq(name, "man"))
		return CLI_OPT_MAN;
	if (!o)
		return unknown(p, name, err);
	if (!o->value && equals)
		return err_set(err, ERR_USAGE, 0, "--%s takes no value", o->name);
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
			r = take_option(p, argc, argv, &i, err);
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
		unsigned char c = (unsigned char)*rest.p;

		if (c < 0x20 || c == 0x7f)
			return err_set(err, ERR_USAGE, 0,
				       "--%s is one line without control characters", option);
		n = span_utf8(rest);
		if (!n)
			return err_set(err, ERR_USAGE, 0, "--%s is not UTF-8", option);
	}
	return 0;
}

/* Prints text in lines of at most 80 columns, each begun with `indent` blanks; *column is where the
 * first line already stands. A newline in the text begins a new line; a line of the text that itself
 * begins with a blank is printed as it is. */
static void wrap(FILE *out, const char *text, int indent, int column)
{
	while (*text) {
		size_t line = strcspn(text, "\n");
		struct span rest = span_of(text, line), word;
		bool as_is = line && text[0] == ' ';

		if (as_is)
			fprintf(out, "%*s%.*s", indent, "", SPAN_ARG(rest));
		while (!as_is && span_cut(&rest, ' ', &word)) {
			if (column > indent && column + 1 + (int)word.n > 80) {
				fputc('\n', out);
				column = 0;
			}
			if (column < indent)
				column += fprintf(out, "%*s", indent - column, "");
			else if (column > indent)
				column += fprintf(out, " ");
			column += fprintf(out, "%.*s", SPAN_ARG(word));
		}
		fputc('\n', out);
		column = 0;
		text += line + (text[line] == '\n');
	}
}

static void help_option(const struct cli_opt *o, FILE *out)
{
	const int column = 26;
	int used =
		fprintf(out, "  --%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");

	if (used > column - 2) {
		fputc('\n', out);
		used = 0;
	}
	wrap(out, o->help, column, used);
}

/* Every program has these. */
static const struct cli_opt common[] = {
	{ .name = "help", .help = "show this and stop" },
	{ .name = "version", .help = "show the version and stop" },
	CLI_OPT_END,
};

void cli_opt_help(const struct cli_program *p, FILE *out)
{
	fprintf(out, "Usage: %s %s\n", p->name, p->synopsis);
	wrap(out, p->summary, 0, 0);
	if (p->text) {
		fputc('\n', out);
		wrap(out, p->text, 0, 0);
	}
	for (const struct cli_opt *o = p->options; o->name; o++) {
		if (o->section || o == p->options)
			fprintf(out, "\n%s:\n", o->section ? o->section : "Options");
		help_option(o, out);
	}
	if (!p->options->name)
		fprintf(out, "\nOptions:\n");
	for (const struct cli_opt *o = common; o->name; o++)
		help_option(o, out);
	if (p->after) {
		fputc('\n', out);
		wrap(out, p->after, 0, 0);
	}
}

/* Text as troff reads it: no line begins with a control character, "-" and "\" stay themselves. */
static void man_text(FILE *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((i == 0 || text.p[i - 1] == '\n') && (text.p[i] == '.' || text.p[i] == '\''))
			fputs("\\&", out);
		if (text.p[i] == '\\')
			fputs("\\e", out);
		else if (text.p[i] == '-')
			fputs("\\-", out);
		else
			fputc(text.p[i], out);
	}
}

/* Paragraphs; a line that begins with a blank is an example and keeps its shape, but for the blanks that all have. */
static void man_paragraphs(FILE *out, const char *text)
{
	struct span rest = span_str(text), line;
	bool example = false;

	while (span_cut(&rest, '\n', &line)) {
		bool indented = line.n && line.p[0] == ' ';

		if (indented != example)
			fputs(indented ? ".RS 4\n.nf\n" : ".fi\n.RE\n", out);
		example = indented;
		if (!line.n) {
			/* the last one ends the text */
			fputs(rest.p ? ".PP\n" : "", out);
			continue;
		}
		for (size_t i = 0; i < EXAMPLE && line.n && line.p[0] == ' '; i++)
			line = span_of(line.p + 1, line.n - 1);
		man_text(out, line);
		fputc('\n', out);
	}
	if (example)
		fputs(".fi\n.RE\n", out);
}

static void man_options(FILE *out, const struct cli_opt *options)
{
	for (const struct cli_opt *o = options; o->name; o++) {
		if (o->section) {
			fputs(".SS \"", out);
			man_text(out, span_str(o->section));
			fputs("\"\n", out);
		}
		fputs(".TP\n\\fB\\-\\-", out);
		man_text(out, span_str(o->name));
		fputs("\\fR", out);
		if (o->value) {
			fputs(" \\fI", out);
			man_text(out, span_str(o->value));
			fputs("\\fR", out);
		}
		fputc('\n', out);
		man_text(out, span_str(o->help));
		fputc('\n', out);
	}
}

/* "mirror-publish rollback" is the page mirror-publish-rollback. */
static void man_name(FILE *out, const char *name)
{
	for (; *name; name++)
		fputs(*name == ' ' || *name == '-' ? "\\-" : (char[]){ *name, '\0' }, out);
}

void cli_opt_man(const struct cli_program *p, FILE *out)
{
	fputs(".TH \"", out);
	man_name(out, p->name);
	fputs("\" 1 \"\" \"version " MIRROR_VERSION "\"\n.SH NAME\n", out);
	man_name(out, p->name);
	fputs(" \\- ", out);
	man_text(out, span_str(p->summary));
	fputs("\n.SH SYNOPSIS\n.B ", out);
	man_text(out, span_str(p->name));
	fputc('\n', out);
	man_text(out, span_str(p->synopsis));
	fputs("\n.SH DESCRIPTION\n", out);
	man_paragraphs(out, p->text ? p->text : p->summary);
	fputs(".SH OPTIONS\n", out);
	man_options(out, p->options);
	man_options(out, common);
	if (p->after) {
		fputs(".SH NOTES\n", out);
		man_paragraphs(out, p->after);
	}
}
