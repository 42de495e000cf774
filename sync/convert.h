/*
 * convert - mirror-sync --convert: prints lines of a list for the files that other tools read.
 */
#ifndef SYNC_CONVERT_H
#define SYNC_CONVERT_H

#include <stddef.h>

#include "oci/base/span.h"

struct conversion;
struct err;

/* Converts the bytes of the file that c->file names: its name says which form it has. INVALID
 * when a file that should be YAML is none. */
int convert_bytes(struct conversion *c, struct span bytes, struct err *err);

/* Reads all files, and prints one list on standard output, with comments on what has no equal;
 * *lost gets how many images no line could be made for. -1, and nothing is printed, when a file
 * cannot be read, or has no known form. */
int convert_files(char *const *files, size_t n, size_t *lost, struct err *err);

#endif
