/*
 * dockerfile - a Dockerfile as instructions (docs.docker.com, "Dockerfile reference"): parser
 * directives, comments, continued lines, and here-documents, whose text is no instruction.
 *
 *	struct dockerfile f;
 *	dockerfile_open(&f, bytes);	// reads the directives
 *	while (dockerfile_next(&f))
 *		...			// f.text, from line f.first on
 *	dockerfile_release(&f);
 *
 * A file is untrusted; its size is the ceiling of everything here.
 */
#ifndef SYNC_DOCKERFILE_H
#define SYNC_DOCKERFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/buf.h"
#include "oci/base/span.h"

struct dockerfile {
	/* What the directives in front say: "# escape=`" and "# syntax=docker/dockerfile:1". They
	 * may stand in any order, up to the first line that is none. */
	char escape;
	struct span syntax; /* n is 0 when there is none */
	size_t syntax_line;
	/* The present instruction, with its continued lines. */
	struct buf text;
	size_t first;
	/* A here-document that has no end: its name, and the line that opens it. Everything behind
	 * it was taken for its text. NULL when there is none. */
	char *open;
	size_t open_line;
	struct span rest; /* private */
	size_t line;      /* private: of the line before rest */
};

/* Begins to read; the bytes are borrowed. */
void dockerfile_open(struct dockerfile *f, struct span bytes);
void dockerfile_release(struct dockerfile *f);

/* Reads the next instruction, and the here-documents that it opens. False at the end. */
bool dockerfile_next(struct dockerfile *f);

#endif
