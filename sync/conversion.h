/*
 * conversion - list lines that are made from the files of other tools (mirror-sync --convert).
 *
 * Each form of a file (sync/convert_*.c) calls conversion_image() for an image and
 * conversion_note() for what a list cannot say. Texts come from a stranger's file: an image is
 * checked by the grammar of references, and in comments control characters become '?'.
 */
#ifndef SYNC_CONVERSION_H
#define SYNC_CONVERSION_H

#include <stddef.h>

#include "oci/base/buf.h"
#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/base/strvec.h"
#include "oci/base/table.h"

struct conversion {
	const char *file;   /* the one that is read now, for comments */
	struct buf out;     /* lines of a list */
	struct table seen;  /* the images in it: each is written once */
	struct strvec keys; /* of seen */
	size_t images;      /* how many lines the present file gave, also those that were there */
	size_t lost;        /* images of all files that no line could be made for */
};

#define CONVERSION_INIT                                                                            \
	{                                                                                          \
		.out = BUF_INIT(LIMIT_LIST_FILE)                                                   \
	}

void conversion_release(struct conversion *c);

/* Adds a line of the list: the reference, normalised (a prefix "docker://" is dropped, and what has
 * no tag, no digest and no options that choose tags means "latest"), and the options, which are
 * NULL or words of a list line. A reference that cannot be one becomes a comment, and is counted as
 * lost; so is one with a variable in it. */
void conversion_image(struct conversion *c, size_t line, struct span ref, const char *options);

/* Adds a comment, "# FILE:LINE: ...". */
void conversion_note(struct conversion *c, size_t line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for what should have become lines: it is counted as lost. */
void conversion_lose(struct conversion *c, size_t line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for a text with a variable in it. */
void conversion_lose_variable(struct conversion *c, size_t line, struct span text);

/* Appends " name=value" to the options, in quotes where the grammar of lists needs them. */
void conversion_option(struct buf *options, const char *name, const char *value);

#endif
