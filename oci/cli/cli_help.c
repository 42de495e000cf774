#include "oci/cli/cli_help.h"

#include <stdbool.h>
#include <string.h>

#include "oci/base/span.h"
#include "oci/cli/cli_opt.h"
#include "oci/cli/completion.h"
#include "oci/cli/exit_status.h"

#define EXAMPLE     2  /* blanks in front of an example, in --help */
#define HELP_COLUMN 26 /* where --help explains an option */

/* ---- --help ---- */

/* Prints text in lines of at most 80 columns, each begun with `indent` blanks; `column` is where
 * the first line already stands. A newline in the text begins a new line; a line of the text
 * that begins with a blank is printed as it is. */
static void wrap_text(FILE *out, const char *text, int indent, int column)
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

/* "  name value     text", the text wrapped from a column on. */
static void help_row(const char *name, const char *value, const char *text, int column, FILE *out)
{
	int used = fprintf(out, "  %s%s%s", name, value ? " " : "", value ? value : "");

	if (text && used > column - 2) {
		fputc('\n', out);
		used = 0;
	}
	if (text)
		wrap_text(out, text, column, used);
	else
		fputc('\n', out);
}

static void help_option(const struct cli_opt *o, FILE *out)
{
	char name[64];

	snprintf(name, sizeof(name), "--%s", o->name);
	help_row(name, o->value, o->help, HELP_COLUMN, out);
}

static void help_options(const struct cli_opt *options, FILE *out)
{
	for (const struct cli_opt *o = options; o->name; o++) {
		if (o->section || o == options)
			fprintf(out, "\n%s:\n", o->section ? o->section : "Options");
		help_option(o, out);
	}
	if (!options->name)
		fputs("\nOptions:\n", out);
	for (const struct cli_opt *o = cli_opt_common; o->name; o++)
		help_option(o, out);
}

static void help_statuses(const struct cli_program *p, FILE *out)
{
	if (p->statuses)
		fputs("\nExit status:\n", out);
	for (const struct exit_status_row *s = p->statuses; s && s->meaning; s++)
		wrap_text(out, s->meaning, 6, fprintf(out, "  %2d", s->bit));
	if (p->status_text)
		wrap_text(out, p->status_text, 0, 0);
}

static void help_items(const char *title, const struct cli_item *items, int column, FILE *out)
{
	if (items)
		fprintf(out, "\n%s:\n", title);
	for (const struct cli_item *i = items; i && i->name; i++)
		help_row(i->name, NULL, i->text, column, out);
}

void cli_help_print(const struct cli_program *p, FILE *out)
{
	wrap_text(out, p->synopsis, 7, fprintf(out, "Usage: %s", p->name));
	wrap_text(out, p->summary, 0, 0);
	if (p->text) {
		fputc('\n', out);
		wrap_text(out, p->text, 0, 0);
	}
	help_options(p->options, out);
	help_statuses(p, out);
	help_items("Environment", p->environment, HELP_COLUMN, out);
	help_items("Examples", p->examples, 40, out);
	for (const char *const *page = p->see_also; page && *page; page++)
		fprintf(out, "%s%s%s", page == p->see_also ? "\nSee also: " : ", ", *page,
			page[1] ? "" : "\n");
}

/* ---- the man page ---- */

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

/* Paragraphs. A line that begins with a blank is an example: it keeps its shape, without the two
 * blanks that all examples begin with. */
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

static void man_row(FILE *out, const char *name, const char *text)
{
	fputs(text ? ".TP\n\\fB" : ".PP\n\\fB", out);
	man_text(out, span_str(name));
	fputs("\\fR\n", out);
	if (!text)
		return;
	man_text(out, span_str(text));
	fputc('\n', out);
}

static void man_statuses(FILE *out, const struct cli_program *p)
{
	if (p->statuses)
		fputs(".SH \"EXIT STATUS\"\n", out);
	for (const struct exit_status_row *s = p->statuses; s && s->meaning; s++) {
		char status[12];

		snprintf(status, sizeof(status), "%d", s->bit);
		man_row(out, status, s->meaning);
	}
	if (p->status_text) {
		fputs(".PP\n", out);
		man_paragraphs(out, p->status_text);
	}
}

static void man_items(FILE *out, const char *title, const struct cli_item *items)
{
	if (items)
		fprintf(out, ".SH %s\n", title);
	for (const struct cli_item *i = items; i && i->name; i++)
		man_row(out, i->name, i->text);
}

static void man_see_also(FILE *out, const char *const *pages)
{
	if (pages)
		fputs(".SH \"SEE ALSO\"\n", out);
	for (; pages && *pages; pages++) {
		fputs("\\fB", out);
		man_name(out, *pages);
		fputs(pages[1] ? "\\fR,\n" : "\\fR\n", out);
	}
}

void cli_help_man(const struct cli_program *p, FILE *out)
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
	man_options(out, cli_opt_common);
	man_statuses(out, p);
	man_items(out, "ENVIRONMENT", p->environment);
	man_items(out, "EXAMPLES", p->examples);
	man_see_also(out, p->see_also);
}

void cli_help_answer(const struct cli_program *p, int result)
{
	int program = (int)strcspn(p->name, " ");

	switch ((enum cli_opt_result)result) {
	case CLI_OPT_GO: break;
	case CLI_OPT_HELP: cli_help_print(p, stdout); break;
	case CLI_OPT_VERSION: printf("%.*s %s\n", program, p->name, MIRROR_VERSION); break;
	case CLI_OPT_MAN: cli_help_man(p, stdout); break;
	case CLI_OPT_COMPLETION: completion_print(p, 1, stdout); break;
	}
}
