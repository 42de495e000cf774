/*
 * cli_help - what a program says about itself (struct cli_program of oci/cli/cli_opt.h), as --help
 * and as a man page. Both have the same sections, in the same order.
 */
#ifndef OCI_CLI_CLI_HELP_H
#define OCI_CLI_CLI_HELP_H

#include <stdio.h>

struct cli_program;

/* --help, for a terminal of 80 columns. */
void cli_help_print(const struct cli_program *p, FILE *out);
/* A man page of section 1, for troff with the man macros. */
void cli_help_man(const struct cli_program *p, FILE *out);

/* Prints on stdout what a result of cli_opt_parse() other than CLI_OPT_GO asks for. */
void cli_help_answer(const struct cli_program *p, int result);

#endif
