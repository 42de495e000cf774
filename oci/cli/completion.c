#include "oci/cli/completion.h"

#include <string.h>

#include "oci/cli/cli_opt.h"

/* The verb in a program's name; "" when it is not a verb's. */
static const char *verb_of(const struct cli_program *p)
{
	const char *blank = strchr(p->name, ' ');

	return blank ? blank + 1 : "";
}

/* The name of the shell function: "-" becomes "_". */
static void print_function_name(const char *program, FILE *out)
{
	for (fputc('_', out); *program; program++)
		fputc(*program == '-' ? '_' : *program, out);
}

static void print_option_names(const struct cli_opt *options, FILE *out)
{
	for (const struct cli_opt *o = options; o->name; o++)
		fprintf(out, "--%s ", o->name);
}

/* Steps over the options in front of the verb, with their values, and leaves the verb in $verb. */
static void print_verb_search(const struct cli_program *program, FILE *out)
{
	fputs("\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n",
	      out);
	for (const struct cli_opt *o = program->options; o->name; o++)
		if (o->value)
			fprintf(out,
				"\t\t--%s) [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++)); ((i++)) "
				";;\n",
				o->name);
	fputs("\t\t-*) ;;\n"
	      "\t\t*) verb=${COMP_WORDS[i]}; break ;;\n"
	      "\t\tesac\n"
	      "\tdone\n",
	      out);
}

/* Options by verb; without a verb also the verbs. */
static void print_words(const struct cli_program *programs, size_t n, FILE *out)
{
	fputs("\tcase $verb in\n", out);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "\t'%s') options='", verb_of(&programs[i]));
		print_option_names(programs[i].options, out);
		print_option_names(cli_opt_common, out);
		fputs("' words='", out);
		for (size_t j = 1; i == 0 && j < n; j++)
			fprintf(out, "%s ", verb_of(&programs[j]));
		fputs("' ;;\n", out);
	}
	fputs("\tesac\n", out);
}

/* The builtin that completes what --help calls `value`; NULL when it can be anything. */
static const char *action_of(const char *value)
{
	if (!value)
		return NULL;
	if (strcmp(value, "DIR") == 0)
		return "-d";
	return strcmp(value, "FILE") == 0 ? "-f" : NULL;
}

static void print_value(const struct cli_program *p, const struct cli_opt *o, FILE *out)
{
	const char *action = action_of(o->value);

	fprintf(out, "\t'%s --%s') ", verb_of(p), o->name);
	if (o->words) {
		fputs("words='", out);
		for (const char *const *w = o->words; *w; w++)
			fprintf(out, "%s ", *w);
		fputs("' options= ;;\n", out);
	} else if (action) {
		fprintf(out, "action=%s ;;\n", action);
	} else {
		fputs("return ;;\n", out);
	}
}

/* The values of options, by verb and option. */
static void print_values(const struct cli_program *programs, size_t n, FILE *out)
{
	fputs("\tcase \"$verb $previous\" in\n", out);
	for (size_t i = 0; i < n; i++)
		for (const struct cli_opt *o = programs[i].options; o->name; o++)
			if (o->value)
				print_value(&programs[i], o, out);
	if (action_of(programs[0].words))
		fprintf(out, "\t*) [[ $current == -* ]] || action=%s ;;\n",
			action_of(programs[0].words));
	fputs("\tesac\n", out);
}

void completion_print(const struct cli_program *programs, size_t n, FILE *out)
{
	const char *name = programs[0].name;

	fprintf(out, "# bash completion of %s, made by %s --completion\n", name, name);
	print_function_name(name, out);
	/* bash makes a word of the = in --option=value */
	fputs("()\n"
	      "{\n"
	      "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
	      "\tlocal verb= options= words= action= i\n"
	      "\tif [[ $current == = ]]; then\n"
	      "\t\tcurrent=\n"
	      "\telif [[ $previous == = && $COMP_CWORD -ge 2 ]]; then\n"
	      "\t\tprevious=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\tfi\n"
	      "\tCOMPREPLY=()\n",
	      out);
	if (n > 1)
		print_verb_search(&programs[0], out);
	print_words(programs, n, out);
	print_values(programs, n, out);
	fputs("\tif [[ $action ]]; then\n"
	      "\t\tcompopt -o filenames 2>/dev/null\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen \"$action\" -- \"$current\")\n"
	      "\telif [[ $current == -* ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
	      "\telse\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -F ",
	      out);
	print_function_name(name, out);
	fprintf(out, " %s\n", name);
}
