/*
 * pieces - a JSON object or array taken apart into the texts of its members, so that a document too
 * large for json_read() is read one member at a time.
 *
 *	struct pieces s;
 *	if (pieces_begin(&s, text, '[', err) < 0) ...
 *	while ((r = pieces_next(&s, NULL, &value, err)) > 0)
 *		... json_read(value, err) ...
 *
 * This only finds where a member ends: brackets and quotes are counted, depth is limited, nothing is
 * allocated. Whether it is JSON says json_read(), to which every piece must go.
 */
#ifndef OCI_BASE_PIECES_H
#define OCI_BASE_PIECES_H

#include <stdbool.h>

#include "oci/base/span.h"

struct err;

struct pieces {
	const char *start, *p, *end;
	bool in_object, first;
};

/* `open` is '{' or '['; INVALID when text begins with something else. */
int pieces_begin(struct pieces *s, struct span text, char open, struct err *err);

/* The next member: 1, or 0 behind the last, or -1 with INVALID and the line. key (with its quotes) is
 * that of an object's member; NULL for an array. */
int pieces_next(struct pieces *s, struct span *key, struct span *value, struct err *err);

/* After pieces_next() gave 0: INVALID when anything but white space follows. */
int pieces_end(struct pieces *s, struct err *err);

/* The line of a position, counted from 1 at `start`. */
size_t pieces_line(const char *start, const char *at);

#endif
