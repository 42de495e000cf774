/*
 * completion - a completion script for bash, from the tables of options: `source <(PROGRAM
 * --completion)`, or the file that `make install` makes of it.
 *
 * The script completes options, verbs, the words of choices and lists, and the names of files and
 * directories where --help calls the value FILE or DIR.
 */
#ifndef OCI_CLI_COMPLETION_H
#define OCI_CLI_COMPLETION_H

#include <stddef.h>
#include <stdio.h>

struct cli_program;

/* programs[0] is the program; the n - 1 others are its verbs, each named "PROGRAM VERB". */
void completion_print(const struct cli_program *programs, size_t n, FILE *out);

#endif
