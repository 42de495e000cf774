/*
 * entry_files - whether the files of the manifests that entries name are there, and may be read.
 *
 * A table (oci/store/served.h) tells what its publisher has found. Files may have been lost since
 * then, and this user may not be the publisher, so the entries of a table are looked at by the
 * program that serves them: behind its first answers, as it takes one look at each file.
 */
#ifndef SERVE_ENTRY_FILES_H
#define SERVE_ENTRY_FILES_H

struct state;

struct entry_files {
	unsigned broken, denied; /* missing or of another kind or size; not readable by this user */
	char first_broken[512], first_denied[512]; /* the name of the first of them */
};

void entry_files_look(struct entry_files *f, const struct state *s);
/* Warns of them, if there are any. */
void entry_files_warn(const struct entry_files *f, const char *mirror);

#endif
