/*
 * line_diff - a text of lines as what differs from another one. Pure functions.
 *
 * The lines of an index are sorted and each is unique, so lines in common have the same order in
 * both texts: one pass finds them. A text whose lines have another order is described, too, with
 * more bytes.
 *
 * The difference is lines itself, against the lines of the base in their order:
 *
 *	=12	the next 12 lines of the base stay
 *	-1	the next line of the base is taken out
 *	+2	two lines are put in; they follow
 */
#ifndef OCI_STORE_LINE_DIFF_H
#define OCI_STORE_LINE_DIFF_H

#include <stddef.h>

#include "oci/base/span.h"

struct buf;
struct err;

/* Lines without their newlines, lent by the texts that they come from. */
struct lines {
	struct span *v;
	size_t n, cap;
};

#define LINES_INIT                                                                                 \
	{                                                                                          \
		.v = NULL                                                                          \
	}

void lines_release(struct lines *l);

/* Splits a text. INVALID when its last line has no newline. */
int lines_split(struct lines *l, struct span text, struct err *err);
/* Appends the lines, each with its newline. */
void lines_join(const struct lines *l, struct buf *out);

/* Appends what makes `to` of `base`. */
void line_diff_write(const struct lines *base, const struct lines *to, struct buf *out);
/* Replaces the lines of l by those that `diff` makes of them. INVALID when it does not fit. */
int line_diff_apply(struct lines *l, struct span diff, struct err *err);

#endif
